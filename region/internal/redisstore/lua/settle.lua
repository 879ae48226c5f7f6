-- settle.lua follows write.lua. It appends records to the journals KEYS, and only
-- when all are there withdraws what is pending: a record that fails leaves it so.
--
-- ARGV[3] is the id, ARGV[4] how many numbers a journal reaches back, ARGV[5] how
-- many bytes. Then come, for each journal, what becomes of what is pending there
-- ("stays", "goes", or "moved" if its records are in other journals), how many
-- records there are, and these.

local id, window, limit = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local journals, fates, at = {}, {}, 6
for i, key in ipairs(KEYS) do
	journals[i], fates[i] = use(key), ARGV[at]
	local first = at + 2
	at = first + tonumber(ARGV[at + 1])
	for n = first, at - 1 do
		append(journals[i], ARGV[n], window, limit)
	end
end
for i, j in ipairs(journals) do
	local rest, found
	if fates[i] ~= 'stays' then
		rest, found = without(j.key, id)
	end
	if found then
		redis.call('HSET', j.key, 'pending', rest)
		j.number = j.number + 1
		if fates[i] == 'moved' then
			j.moved = j.number
		end
		save(j)
	end
end
return ARGV[1]
