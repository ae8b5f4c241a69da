-- Write something after a message of the business, on the server that has it, so that WAIT covers both. ARGV: session, key.
-- Returns whether the server has it (1 or 0): a failover may have forgotten it since it was stored.
redis.call('ZADD', 'tg:probe', clock(), 'write')
redis.call('PEXPIRE', 'tg:probe', 60000)
local is_queued = redis.call('HGET', proactive_record(ARGV[1], ARGV[2]), 'outcome') == 'queued'
local state = redis.call('HGET', scheduled_record(ARGV[1], ARGV[2]), 'state')
return (is_queued or state == 'waiting' or state == 'releasing') and 1 or 0
