-- announce.lua follows write.lua and makes changes pending in the journals KEYS.
--
-- ARGV[3] is the id, ARGV[4] "<renewed> <lease, ms>"; then come the changes for each.

local id = ARGV[3]
for i, key in ipairs(KEYS) do
	local j, changes = use(key), ARGV[4 + i]
	local entry = #id .. ' ' .. ARGV[4] .. ' ' .. #changes .. ' ' .. id .. changes
	redis.call('HSET', key, 'pending', without(key, id) .. entry)
	j.number = j.number + 1
	save(j)
end
return ARGV[1]
