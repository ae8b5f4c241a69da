-- A worker lives. ARGV: its name.
local now = clock()
redis.call('ZADD', 'tg:workers', now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', 'tg:workers', '-inf', now - FORGOTTEN_MS)
return 1
