-- open.lua follows write.lua and ends the youth of the journal KEYS[1], if its
-- epoch is ARGV[3].

local key = KEYS[1]
if use(key)[2] == ARGV[3] and redis.call('HEXISTS', key, 'young') == 1 then
	advance(key)
	redis.call('HDEL', key, 'young')
end
return 0
