-- news.lua follows head.lua and tells what is new in the journals KEYS.
--
-- ARGV[3] is 1 if their time to live is to be renewed; then come, for each, the
-- epoch and number that are followed.

-- records returns those after the number since, the newest first. The oldest ones
-- are not looked at unless they are needed.
local function records(key, since, first, last)
	local found, batch, old = {}, 4, false
	while last >= first and not old do
		local names = {}
		for i = last, math.max(first, last - batch + 1), -1 do
			names[#names + 1] = 'r:' .. i
		end
		for _, record in ipairs(redis.call('HMGET', key, unpack(names))) do
			old = old or tonumber(string.match(record, '^%d+')) <= since
			if not old then
				found[#found + 1] = record
			end
		end
		last, batch = last - #names, math.min(2 * batch, 512)
	end
	return found
end

-- pending returns what is pending, each id followed by what is under it.
local function pending(key, packed)
	local found = {}
	for _, id in ipairs(packed and cmsgpack.unpack(packed) or {}) do
		found[#found + 1] = id
		found[#found + 1] = redis.call('HGET', key, 'p:' .. id)
	end
	return found
end

local function news(key, h, epoch, number)
	local m = redis.call('HMGET', key, 'young', 'since', 'first', 'last', 'moved', 'pending')
	local since = tonumber(m[2])
	if h[2] == epoch then
		since = math.max(since, tonumber(number))
	end
	return {h[2], h[3], since, m[1] and 1 or 0, tonumber(m[5]),
		records(key, since, tonumber(m[3]), tonumber(m[4])), pending(key, m[6])}
end

local changed, answers = false, {}
for i, key in ipairs(KEYS) do
	local epoch, number = ARGV[2 * i + 2], ARGV[2 * i + 3]
	local h = head(key)
	if h[2] == epoch and tonumber(h[3]) < tonumber(number) then
		h = begin(key) -- it has gone back, however that was done
	end
	if h[2] == epoch and h[3] == number then
		answers[i] = 0
	else
		answers[i] = news(key, h, epoch, number)
		changed = true
	end
	if ARGV[3] == '1' then
		redis.call('PEXPIRE', key, ARGV[2])
	end
end
return changed and answers or 0
