-- Law L8: give the lease back until a later time. ARGV: session, fence, milliseconds, settled (1 or ''), log entry.
local session = ARGV[1]
local now, s = clock(), key(session)
if not holds(session, ARGV[2], now) then return nil end
local due = now + tonumber(ARGV[3])
redis.call('HSET', s, 'hold', due)
unhold(session)
if ARGV[4] == '1' then redis.call('HDEL', s, 'marked', 'marked_at') end
if redis.call('EXISTS', key(session, ':out')) == 1 then redis.call('HINCRBY', s, 'waits', 1) end
redis.call('ZADD', 'tg:due', due, session)
note(session, 'postponed', ARGV[5])
return 1
