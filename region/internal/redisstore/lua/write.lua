-- write.lua follows head.lua in scripts that write.

-- trim gives up a journal's records up to since, one by one, as long as there are
-- too many numbers, or too many bytes before the number last. It takes away more
-- than was appended only where bounds differ or changes are large, and then not
-- much more.
local function trim(j, window, limit, last)
	for _ = 1, 64 do
		if j.number - j.since <= window and (j.bytes <= limit or j.since + 1 >= last) then
			break
		end
		j.since = j.since + 1
		local oldest = string.format('r:%.0f', j.since)
		j.bytes = j.bytes - redis.call('HSTRLEN', j.key, oldest)
		redis.call('HDEL', j.key, oldest)
	end
end

-- append appends a record.
local function append(j, changes, window, limit)
	j.number = j.number + 1
	j.bytes = j.bytes + #changes
	redis.call('HSET', j.key, string.format('r:%.0f', j.number), changes)
	trim(j, window, limit, j.number)
	save(j)
end

-- without returns all that is pending but what is under an id, and that.
local function without(key, id)
	local all = redis.call('HGET', key, 'pending') or ''
	local at, rest, found = 1, {}, nil
	while at <= #all do
		local _, to, short, renewed, _, long = string.find(all, '^(%d+) (%d+) (%d+) (%d+) ', at)
		local changes, stop = to + short + 1, to + short + long
		if string.sub(all, to + 1, changes - 1) == id then
			found = {renewed = renewed, changes = string.sub(all, changes, stop)}
		else
			rest[#rest + 1] = string.sub(all, at, stop)
		end
		at = stop + 1
	end
	return table.concat(rest), found
end
