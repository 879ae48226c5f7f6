-- expire.lua follows write.lua. It settles what is pending in the journal KEYS[1]
-- as committed, unless it was renewed.
--
-- ARGV[3] is the id, ARGV[4] how many numbers a journal reaches back, ARGV[5] how
-- many bytes, ARGV[6] by which mark it was last renewed.

local j = use(KEYS[1])
local rest, found = without(j.key, ARGV[3])
if found and found.renewed == ARGV[6] then
	append(j, found.changes, tonumber(ARGV[4]), tonumber(ARGV[5]))
	redis.call('HSET', j.key, 'pending', rest)
	j.number = j.number + 1
	save(j)
end
return ARGV[1]
