-- Forget a conversation: who works on it loses the lease, and what waits is answered from the beginning.
-- ARGV: stamp, session.
local now, session = clock(), ARGV[2]
local s = key(session)
own(session, 'bot', now)
redis.call('HDEL', s, 'state', 'owner', 'inactivity', 'hand_off', 'undelivered', 'expires', 'lease', 'job', 'tries')
redis.call('HINCRBY', s, 'fence', 1)
redis.call('DEL', key(session, ':out'))
redis.call('HDEL', s, 'marked', 'marked_at', 'waits', 'slot')
note(session, 'reset', '{}')
if redis.call('EXISTS', key(session, ':mail')) == 1 then wake(session, now, ARGV[1]) end
return 1
