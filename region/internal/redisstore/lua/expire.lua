-- expire.lua follows write.lua. It settles what is pending in the journal KEYS[1]
-- as committed, unless it was renewed.
--
-- ARGV[3] is the id, ARGV[4] how many records a journal keeps, ARGV[5] how many
-- bytes of them, ARGV[6] by which mark it was last renewed.

local key, id = KEYS[1], ARGV[3]
use(key)
local found = redis.call('HGET', key, 'p:' .. id)
if found then
	local renewed, changes = string.match(found, '^(%d+) %d+ (.*)$')
	if renewed == ARGV[6] then
		append(key, changes, tonumber(ARGV[4]), tonumber(ARGV[5]))
		withdraw(key, id)
	end
end
return 0
