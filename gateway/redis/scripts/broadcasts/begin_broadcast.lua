-- Begin to store a broadcast. ARGV: name, digest of definition and recipients, definition, number of recipients,
-- token of this start: the newest one stores the recipients.
-- Returns loading (store the recipients), running_already (the same content was started), or other.
local name, now = ARGV[1], clock()
local broadcast = 'tg:broadcast:' .. name
local stored = redis.call('HMGET', broadcast, 'digest', 'state')
if stored[1] and stored[1] ~= ARGV[2] then return 'other' end
if stored[1] and stored[2] ~= 'loading' then return 'running_already' end
redis.call('DEL', 'tg:broadcast_rows:' .. name)
redis.call('HSET', broadcast, 'digest', ARGV[2], 'definition', ARGV[3], 'total', ARGV[4], 'state', 'loading',
  'started_ms', now, 'loader', ARGV[5], 'entered', 0)
redis.call('PEXPIRE', broadcast, RETENTION_MS)
redis.call('ZADD', 'tg:broadcasts', now, name)
redis.call('ZREMRANGEBYSCORE', 'tg:broadcasts', '-inf', now - RETENTION_MS)
return 'loading'
