-- announce.lua follows write.lua and makes changes pending in the journals KEYS.
--
-- ARGV[3] is the id, ARGV[4] "<renewed> <lease, ms>"; then come the changes for each.

local id = ARGV[3]
for i, key in ipairs(KEYS) do
	use(key)
	advance(key)
	if redis.call('HEXISTS', key, 'p:' .. id) == 0 then
		local all = ids(key)
		all[#all + 1] = id
		redis.call('HSET', key, 'pending', cmsgpack.pack(all))
	end
	redis.call('HSET', key, 'p:' .. id, ARGV[4] .. ' ' .. ARGV[4 + i])
end
return 0
