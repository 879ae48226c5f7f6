-- quiet.lua follows server.lua in the script that tells what is new in the journals
-- KEYS. If nothing is, that is all there is to it.
--
-- ARGV[3] is 1 if their time to live is to be renewed; then comes, for each, what is
-- followed, as "<epoch> <number> ".

local quiet = ARGV[3] ~= '1'
for i = 1, quiet and #KEYS or 0 do
	local known = '1 ' .. server .. ' ' .. ARGV[3 + i]
	local head = redis.call('HGET', KEYS[i], 'head')
	if not head or string.sub(head, 1, #known) ~= known then
		quiet = false
		break
	end
end
if quiet then
	return ARGV[1]
end
