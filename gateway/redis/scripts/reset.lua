-- Delete a conversation's state: its holder loses the lease, and waiting turns start from the beginning.
-- ARGV: stamp, session.
local now, session = clock(), ARGV[2]
local s = key(session)
if redis.call('EXISTS', s, key(session, ':mail')) == 0 then return 1 end  -- nothing to delete
set_owner(session, 'bot', now)
redis.call('HDEL', s, 'state', 'owner', 'inactivity', 'hand_off', 'undelivered', 'expires', 'lease', 'job', 'tries')
redis.call('HINCRBY', s, 'fence', 1)
redis.call('DEL', key(session, ':out'))
redis.call('HDEL', s, 'marked', 'marked_at', 'waits', 'slot')
log_entry(session, 'reset', '{}')
if redis.call('EXISTS', key(session, ':mail')) == 1 then enqueue(session, now, ARGV[1]) end
start_retention_if_idle(session)
return 1
