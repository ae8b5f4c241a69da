-- Law L7: the provider took the first reply. ARGV: session, fence, message key, provider id, log entry, account.
-- A status that came before this (its entry waits under the message key) goes to the log now.
-- Returns 1, 2 when the account had been resting and is sent to again, or nil.
local session, message = ARGV[1], ARGV[3]
if not holds(session, ARGV[2], clock()) then return nil end
redis.call('LPUSH', key(session, ':recent'), ARGV[4])
settle(session)
redis.call('LTRIM', key(session, ':recent'), 0, RECENT_LENGTH - 1)
redis.call('HSET', message, 'session', session)
redis.call('PEXPIRE', message, SEEN_MS)
note(session, 'sent', ARGV[5])
local early = redis.call('HGET', message, 'entry')
if early then note(session, 'status', early) end
count('sent')
if redis.call('HDEL', 'tg:failures', ARGV[6]) == 0 then return 1 end
return 1 + redis.call('ZREM', 'tg:paused', ARGV[6])
