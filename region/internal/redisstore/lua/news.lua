-- news.lua follows quiet.lua and head.lua. It answers for each journal 0 if nothing
-- is new, or with its head, what is pending, and numbers, each followed by the
-- changes of its record.

-- news returns what came after the number given.
local function news(j, number)
	local answer = {j.head, redis.call('HGET', j.key, 'pending') or ''}
	for first = math.max(j.since, number) + 1, j.number, 512 do
		local names = {}
		for n = first, math.min(first + 511, j.number) do
			names[#names + 1] = string.format('r:%.0f', n)
		end
		for i, changes in ipairs(redis.call('HMGET', j.key, unpack(names))) do
			if changes then
				answer[#answer + 1] = first + i - 1
				answer[#answer + 1] = changes
			end
		end
	end
	return answer
end

local answers = {}
for i, key in ipairs(KEYS) do
	local epoch, number = string.match(ARGV[3 + i], '^(%d+) (%d+) $')
	number = tonumber(number)
	local j = use(key)
	if j.epoch == epoch and j.number < number then
		j = begin(key) -- it has gone back, however that was done
	end
	if ARGV[3] == '1' then
		redis.call('PEXPIRE', key, ARGV[2])
	end
	if j.epoch ~= epoch then
		answers[i] = news(j, 0)
	elseif j.number ~= number then
		answers[i] = news(j, number)
	else
		answers[i] = 0
	end
end
return answers
