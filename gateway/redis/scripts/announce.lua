-- Heartbeat of a worker. ARGV: its name.
local now = clock()
redis.call('ZADD', 'tg:workers', now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', 'tg:workers', '-inf', now - WORKER_RETENTION_MS)
return 1
