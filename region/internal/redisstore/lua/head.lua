-- head.lua follows server.lua.

local layout = '1 %s %s %.0f %.0f %.0f %.0f %d'
local pattern = '^1 (%x+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$'

-- save writes the head of a journal, and renews its time to live.
local function save(j)
	j.head = string.format(layout, server, j.epoch, j.number, j.since, j.moved, j.bytes, j.young)
	redis.call('HSET', j.key, 'head', j.head)
	redis.call('PEXPIRE', j.key, ARGV[2])
end

-- begin begins a journal. The time makes its epoch another one even if the script
-- is sent twice.
local function begin(key)
	local time = redis.call('TIME')
	local digest = redis.sha1hex(table.concat({ARGV[1], time[1], time[2], key}, ' '))
	local epoch = string.format('%.0f', tonumber(string.sub(digest, 1, 13), 16) + 1)
	local j = {key = key, epoch = epoch, number = 0, since = 0, moved = 0, bytes = 0, young = 1}
	if redis.call('EXISTS', key) == 1 then
		redis.call('UNLINK', key)
	end
	save(j)
	return j
end

-- use returns a journal.
local function use(key)
	local head = redis.call('HGET', key, 'head')
	local by, epoch, number, since, moved, bytes, young
	if head then
		by, epoch, number, since, moved, bytes, young = string.match(head, pattern)
	end
	if by ~= server then
		return begin(key)
	end
	return {key = key, head = head, epoch = epoch, number = tonumber(number), since = tonumber(since),
		moved = tonumber(moved), bytes = tonumber(bytes), young = tonumber(young)}
end
