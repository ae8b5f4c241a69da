-- Law L7: the provider took the first reply. ARGV: session, fence, message key, provider id, log entry.
-- A status that came before this (its entry waits under the message key) goes to the log now.
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
return 1
