-- Start of a new dialog in a session that goes on.

-- What the bot has sent is not sent again, whatever becomes of it.
local function forget_resends(session)
  local kept = redis.call('HGETALL', key(session, ':kept'))
  for i = 1, #kept, 2 do
    local reply = kept[i + 1]:match('^%d+ %d+ (.*)$')
    if stored_field(reply, 'voice') ~= 'person' then
      redis.call('HDEL', key(session, ':kept'), kept[i])
      redis.call('ZREM', 'tg:resends', 'tg:message:' .. ((stored_field(reply, 'address') or {}).channel or '') .. ':' .. kept[i])
    end
  end
end

-- Delete the dialog's state: its holder loses the lease, and waiting turns start from the beginning. The bot's unsent
-- replies are deleted, an agent's are still sent (guarantee L10). The caller enqueues the session.
local function forget_dialog(session)
  local s = key(session)
  redis.call('HDEL', s, 'state', 'node', 'inactivity', 'hand_off', 'undelivered', 'expires', 'lease', 'job', 'tries', 'started', 'sends', 'losses')
  redis.call('HINCRBY', s, 'fence', 1)
  local marked = redis.call('HGET', s, 'marked')
  local unsent = redis.call('LRANGE', key(session, ':out'), 0, MAILBOX_LENGTH)
  redis.call('DEL', key(session, ':out'))
  for _, reply in ipairs(unsent) do
    if stored_field(reply, 'voice') == 'person' then
      redis.call('RPUSH', key(session, ':out'), reply)
      if stored_field(reply, 'key') == marked then marked = nil end  -- its send was started: it is looked up first
    else
      count_left(stored_field(reply, 'key'), 'refused')
    end
  end
  if marked then redis.call('HDEL', s, 'marked', 'marked_at') end
  redis.call('HDEL', s, 'waits', 'slot', 'unknown')
  redis.call('DEL', key(session, ':held'))
  forget_resends(session)
  log_entry(session, 'reset', '{}')
end
