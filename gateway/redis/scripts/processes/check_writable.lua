-- Write as accept.lua does, so that the server refuses it under the same conditions: out of memory, read-only, a user that
-- lacks a command or the keys of RQ, or contacts spread over more partitions than this process knows. Nothing is changed but a key of its own.
local missing = find_missing_partitions()
if missing then return missing end
local probe = 'tg:probe'
redis.call('SET', probe, '1')  -- the first write is one that a full server refuses
redis.call('INCR', probe)
local writes = {{'HSET', probe, 'field', '1'}, {'RPUSH', probe, '1'}, {'SADD', probe, '1'},
  {'XADD', probe, '*', 'field', '1'}, {'ZADD', probe, clock(), 'write'}}
for _, write in ipairs(writes) do
  redis.call('DEL', probe)
  redis.call(unpack(write))
end
redis.call('PEXPIRE', probe, 60000)
redis.call('PUBLISH', 'tg:probe', '')
redis.call('LTRIM', QUEUE, 0, -1)
redis.call('HDEL', RQ_JOB .. 'probe', 'data')
redis.call('SREM', RQ_QUEUES, '')
return 1
