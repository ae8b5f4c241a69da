-- Delete a conversation's state: its holder loses the lease, and waiting turns start from the beginning. The bot's unsent
-- replies are deleted, an agent's are still sent (guarantee L10).
-- ARGV: stamp, session.
local now, session = clock(), ARGV[2]
local s = key(session)
if redis.call('EXISTS', s, key(session, ':mail')) == 0 then return 1 end  -- nothing to delete
set_owner(session, 'bot', now)
redis.call('HDEL', s, 'owner')
forget_dialog(session)
if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then enqueue(session, now, ARGV[1]) end
start_retention_if_idle(session)
return 1
