-- Write something after a message of the business, or its cancellation, on the server that has it, so that WAIT covers both.
-- ARGV: session, key. Returns what the server has: queued, a scheduled message's state, or '' if a failover has forgotten it.
redis.call('ZADD', 'tg:probe', clock(), 'write')
redis.call('PEXPIRE', 'tg:probe', 60000)
local state = redis.call('HGET', scheduled_record(ARGV[1], ARGV[2]), 'state')
return state or redis.call('HGET', proactive_record(ARGV[1], ARGV[2]), 'outcome') or ''
