-- Heartbeat of a worker. ARGV: its name, and '1' while it starts: then it is known, but does not count as alive yet.
local now = clock()
if ARGV[2] == '1' then
  redis.call('ZADD', 'tg:workers', 'NX', now - WORKER_TIMEOUT_MS - 1, ARGV[1])
else
  redis.call('ZADD', 'tg:workers', now, ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', 'tg:workers', '-inf', now - WORKER_RETENTION_MS)
return 1
