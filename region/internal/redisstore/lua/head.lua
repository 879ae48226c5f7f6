-- A journal is one hash, so that it is lost as a whole or not at all:
--
--   server1  the master_replid of the server that began it; 1 is the layout's version
--   epoch    its epoch
--   number   its present number
--   young    there until it is opened
--   first    the oldest record that is kept
--   last     the newest one
--   r:<i>    record i, as "<number> <changes>"
--   bytes    of the changes of all records
--   since    the number of the newest record that was given up
--   pending  the ids of what is pending, as cmsgpack has them
--   p:<id>   what is pending under an id, as "<renewed> <lease, ms> <changes>"
--   moved    the number of the last withdrawal whose records are in other journals
--
-- Every script begins with this part. ARGV[1] is random, ARGV[2] a journal's time
-- to live in milliseconds. What a script writes first must be refused by a server
-- that is out of memory, then nothing of it is done.

-- A promoted replica may lack what its master had acknowledged, and so may a server
-- that was started from a snapshot. Either has a master_replid of its own. So a
-- journal that another server began is not trusted, and begins anew. Because the
-- server is asked in each script, no reply and no write can slip in between.
local info = redis.call('INFO', 'replication')
if not string.find(info, 'role:master', 1, true) then
	return redis.error_reply('READONLY journals are on masters only')
end
local server = string.match(info, 'master_replid:(%x+)')
if not server then
	return redis.error_reply('ERR the server has no master_replid')
end

-- begin begins a journal. The time makes its epoch another one even if the script
-- is sent twice.
local function begin(key)
	local time = redis.call('TIME')
	local digest = redis.sha1hex(table.concat({ARGV[1], time[1], time[2], key}, ' '))
	local epoch = string.format('%.0f', tonumber(string.sub(digest, 1, 13), 16) + 1)
	redis.call('UNLINK', key)
	redis.call('HSET', key, 'server1', server, 'epoch', epoch, 'number', 0, 'young', 1,
		'first', 1, 'last', 0, 'bytes', 0, 'since', 0, 'moved', 0)
	redis.call('PEXPIRE', key, ARGV[2])
	return {server, epoch, '0'}
end

-- head returns a journal's server, epoch and number.
local function head(key)
	local h = redis.call('HMGET', key, 'server1', 'epoch', 'number')
	if h[1] ~= server then
		return begin(key)
	end
	return h
end
