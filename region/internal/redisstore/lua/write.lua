-- write.lua follows head.lua in scripts that write.

-- use returns a journal's head, and renews its time to live.
local function use(key)
	local h = head(key)
	redis.call('PEXPIRE', key, ARGV[2])
	return h
end

-- advance takes the next number.
local function advance(key)
	return redis.call('HINCRBY', key, 'number', 1)
end

-- trim gives up the oldest records past the bounds, but never the newest one. It
-- takes away more than was appended only where bounds differ or changes are large,
-- and then not much more.
local function trim(key, last, length, limit)
	local m = redis.call('HMGET', key, 'first', 'bytes', 'since')
	local first, bytes, since = tonumber(m[1]), tonumber(m[2]), m[3]
	for _ = 1, 64 do
		if first == last or (last - first < length and bytes <= limit) then
			break
		end
		local oldest = 'r:' .. first
		local record = redis.call('HGET', key, oldest)
		since = string.match(record, '^%d+')
		bytes = bytes - (#record - #since - 1)
		redis.call('HDEL', key, oldest)
		first = first + 1
	end
	redis.call('HSET', key, 'first', first, 'bytes', bytes, 'since', since)
end

-- append appends a record.
local function append(key, changes, length, limit)
	local number = advance(key)
	local last = redis.call('HINCRBY', key, 'last', 1)
	redis.call('HSET', key, 'r:' .. last, number .. ' ' .. changes)
	redis.call('HINCRBY', key, 'bytes', #changes)
	trim(key, last, length, limit)
end

-- ids returns what is pending.
local function ids(key)
	local packed = redis.call('HGET', key, 'pending')
	return packed and cmsgpack.unpack(packed) or {}
end

-- withdraw ends the pending of an id. It returns the number that this took, nothing
-- if the id was not pending.
local function withdraw(key, id)
	if redis.call('HEXISTS', key, 'p:' .. id) == 0 then
		return nil
	end
	local number = advance(key)
	local rest = {}
	for _, other in ipairs(ids(key)) do
		if other ~= id then
			rest[#rest + 1] = other
		end
	end
	redis.call('HSET', key, 'pending', cmsgpack.pack(rest))
	redis.call('HDEL', key, 'p:' .. id)
	return number
end
