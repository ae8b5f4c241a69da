-- Stored turns and replies.

-- A field of a stored turn or reply; nil when this release cannot read it.
local function stored_field(item, field)
  local ok, value = pcall(cjson.decode, item or '')
  return ok and type(value) == 'table' and value[field] or nil
end

-- True if the outbox begins with this reply. An agent's reply, a proactive one and the bot's are appended by different
-- processes, so no script may assume which is the first.
local function is_next_reply(session, reply)
  return stored_field(redis.call('LINDEX', key(session, ':out'), 0), 'key') == reply
end

-- Guarantee L7: remove the named reply from the outbox; any other stays.
local function settle_reply(session, reply)
  if not is_next_reply(session, reply) then return end
  local settled = redis.call('LPOP', key(session, ':out'))
  redis.call('HDEL', key(session), 'marked', 'marked_at', 'marked_to', 'waits', 'slot', 'unknown', 'sends', 'losses')
  local committed_at = tonumber(settled:match('^{"committed_at_ms":(%d+)') or '')
  local is_late = committed_at and clock() - committed_at > LATE_MS
  if is_late and not settled:find('"bulk":true', 1, true) then delay_timers(session, clock()) end
end

-- A reply goes to the contact's present address, whatever it was when the reply was made. Returns whether it is `theirs`;
-- if not, the reply is no longer marked: it is read, and marked, with the new one.
local function is_present_address(session, stored, theirs)
  if not stored or stored_field(stored, 'theirs') == theirs then return true end
  redis.call('HDEL', key(session), 'marked', 'marked_at', 'marked_to')
  return false
end

-- The age of a reply counts from its time in the outbox, which begins its JSON (guarantee L14).
local function stamp_reply(reply, now)
  return '{"committed_at_ms":' .. string.format('%d', now) .. ',' .. reply:sub(2)
end

-- Replies that waited for the contact's next message enter the outbox; their age counts from now.
local function release_held(session, now)
  local held = redis.call('LRANGE', key(session, ':held'), 0, -1)
  for _, reply in ipairs(held) do
    redis.call('RPUSH', key(session, ':out'), stamp_reply(reply:gsub('^{"committed_at_ms":%d+,', '{'), now))
  end
  if #held > 0 then redis.call('DEL', key(session, ':held')) end
end

-- An earlier release stored replies without a time: their age counts from the first look at them.
local function stamp_first_reply(session, outbox, now)
  local first = outbox[1]
  if not first or first:sub(1, 2) ~= '{"' or first:find('"committed_at_ms":', 1, true) then return end
  outbox[1] = stamp_reply(first, now)
  redis.call('LSET', key(session, ':out'), 0, outbox[1])
end

-- Guarantee L9: a turn or reply that was given up is stored with its reason.
local function add_dead_letter(session, letter)
  local id = redis.call('XADD', 'tg:dead', 'MAXLEN', '~', DEAD_LENGTH, '*', 'session', session, 'letter', letter)
  add_event('dead_letter.added', session, letter, 'letter', id)
  count('dead')
  local account = redis.call('HGET', key(session), 'account') or ''
  count_class('dead', account, stored_field(letter, 'failure') or 'turn')
end
