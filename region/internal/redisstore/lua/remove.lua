-- remove.lua removes the value KEYS[1] if it is ARGV[1].

if redis.call('GET', KEYS[1]) == ARGV[1] then
	redis.call('UNLINK', KEYS[1])
end
return 1
