-- Write as accept.lua does, so that the server refuses it under the same conditions.
redis.call('ZADD', 'tg:probe', clock(), 'write')
redis.call('PEXPIRE', 'tg:probe', 60000)
return 1
