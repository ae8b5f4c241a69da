-- Let the bot speak again in a session that its limits have silenced; replies that waited for that are sent. ARGV: session,
-- stamp. Returns 1, or 0 if it is not silent.
local session, now = ARGV[1], clock()
local reason = redis.call('HGET', key(session), 'silenced')
if not reason then return 0 end
end_silence(session, 'operator')
if reason == REPLIES and redis.call('EXISTS', key(session, ':out')) == 1 then
  redis.call('HDEL', key(session), 'hold')
  enqueue(session, now, ARGV[2])
end
start_retention_if_idle(session)
return 1
