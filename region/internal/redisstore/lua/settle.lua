-- settle.lua follows write.lua. It appends records to the journals KEYS, and only
-- when all are there withdraws what is pending: a record that fails leaves it so.
--
-- ARGV[3] is the id, ARGV[4] how many records a journal keeps, ARGV[5] how many
-- bytes of them. Then come, for each journal, what becomes of what is pending there
-- ("stays", "goes", or "moved" if its records are in other journals), how many
-- records there are, and these.

local id, length, limit = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local fates, at = {}, 6
for i, key in ipairs(KEYS) do
	use(key)
	fates[i] = ARGV[at]
	local first = at + 2
	at = first + tonumber(ARGV[at + 1])
	for j = first, at - 1 do
		append(key, ARGV[j], length, limit)
	end
end
for i, key in ipairs(KEYS) do
	local number = fates[i] ~= 'stays' and withdraw(key, id)
	if number and fates[i] == 'moved' then
		redis.call('HSET', key, 'moved', number)
	end
end
return 0
