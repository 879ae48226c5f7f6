-- A journal is one hash, so that it is lost as a whole or not at all:
--
--   head     "1 <server> <epoch> <number> <since> <moved> <bytes> <young>"
--   pending  all that is pending, one after the other, each as
--            "<length of id> <renewed> <lease, ms> <length of changes> <id><changes>"
--   r:<n>    the changes of the record with the number n
--
-- In the head are the version of the layout; the master_replid of the server that
-- began the journal; its epoch and present number; the number up to which records
-- were given up; that of the last withdrawal whose records are in other journals;
-- how many bytes of changes there are; and 1 as long as the journal is young.
--
-- Every script begins with this part. ARGV[1] is random, and the answer of a script
-- that has nothing else to tell, so that no other answer is taken for it. ARGV[2] is a
-- journal's time to live in milliseconds. A server that is out of memory refuses a script's first
-- write only, so that must be one that takes memory.

-- A promoted replica may lack what its master had acknowledged, and so may a server
-- that was started from a snapshot. Either has a master_replid of its own. So a
-- journal that another server began is not trusted, and begins anew. Because the
-- server is asked in each script, no reply and no write can slip in between. A
-- replica has its master's, and is no place for journals.
local server = string.match(redis.call('INFO', 'replication'), 'role:master.-master_replid:(%x+)')
if not server then
	return redis.error_reply('READONLY this server is not a master, or does not tell its master_replid')
end
