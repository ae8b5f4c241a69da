-- Delete a conversation's state: its holder loses the lease, and waiting turns start from the beginning. The bot's unsent
-- replies are deleted, an agent's are still sent (guarantee L10).
-- ARGV: stamp, session.
local now, session = clock(), ARGV[2]
local s = key(session)
if redis.call('EXISTS', s, key(session, ':mail')) == 0 then return 1 end  -- nothing to delete
set_owner(session, 'bot', now)
redis.call('HDEL', s, 'state', 'owner', 'inactivity', 'hand_off', 'undelivered', 'expires', 'lease', 'job', 'tries', 'started', 'losses')
redis.call('HINCRBY', s, 'fence', 1)
local marked = redis.call('HGET', s, 'marked')
local unsent = redis.call('LRANGE', key(session, ':out'), 0, MAILBOX_LENGTH)
redis.call('DEL', key(session, ':out'))
for _, reply in ipairs(unsent) do
  if stored_field(reply, 'voice') == 'person' then
    redis.call('RPUSH', key(session, ':out'), reply)
    if stored_field(reply, 'key') == marked then marked = nil end  -- its send was started: it is looked up first
  end
end
if marked then redis.call('HDEL', s, 'marked', 'marked_at') end
redis.call('HDEL', s, 'waits', 'slot', 'unknown')
log_entry(session, 'reset', '{}')
if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then enqueue(session, now, ARGV[1]) end
start_retention_if_idle(session)
return 1
