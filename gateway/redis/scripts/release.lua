-- Law L8: find nothing left and clear the job mark in one step, or say that there is more.
-- ARGV: session, fence. Returns 1 (released), 0 (more to do), or nil when the lease is lost.
local session = ARGV[1]
local s = key(session)
if not holds(session, ARGV[2], clock()) then return nil end
if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then return 0 end
unhold(session)
redis.call('HDEL', s, 'hold')
redis.call('ZREM', 'tg:due', session)
if redis.call('HGET', s, 'optout') ~= '1' then redis.call('PEXPIRE', s, RETENTION_MS) end
redis.call('PEXPIRE', key(session, ':log'), RETENTION_MS)
redis.call('PEXPIRE', key(session, ':recent'), RETENTION_MS)
return 1
