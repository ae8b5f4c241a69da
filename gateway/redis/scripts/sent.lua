-- Law L7: the provider took the first reply. ARGV: session, fence, message key, provider id, log entry, account,
-- reply key.
-- A status that came before this (its entry waits under the message key) goes to the log now.
-- Returns 1, 2 when the account had been resting and is sent to again, or nil.
local session, message, now = ARGV[1], ARGV[3], clock()
if not holds(session, ARGV[2], now) then return nil end
redis.call('LPUSH', key(session, ':recent'), ARGV[4])
settle(session)
redis.call('LTRIM', key(session, ':recent'), 0, RECENT_LENGTH - 1)
redis.call('HSET', message, 'session', session, 'reply', ARGV[7])
redis.call('PEXPIRE', message, SEEN_MS)
note(session, 'sent', ARGV[5])
local early = redis.call('HMGET', message, 'entry', 'status')
if early[1] then note(session, 'status', early[1]) end
if early[2] == 'failed' then undelivered(session, ARGV[7], now) end
count('sent')
tell(session)
if redis.call('HDEL', 'tg:failures', ARGV[6]) == 0 then return 1 end
return 1 + redis.call('ZREM', 'tg:paused', ARGV[6])
