-- An operator wants the replies or messages of a session that waits after a failed try to be tried now, whatever the provider
-- has asked for. ARGV: stamp, session. Returns 1, or 0 if nothing waits.
local session, now = ARGV[2], clock()
local stored = redis.call('HMGET', key(session), 'hold', 'lease')
if tonumber(stored[1] or 0) <= now or tonumber(stored[2] or 0) > now then return 0 end
if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) == 0 then return 0 end
redis.call('HDEL', key(session), 'hold')
enqueue(session, now, ARGV[1])
return 1
