-- Events for the operator's own systems (gateway/hooks). Scripts collect them, and write_events stores them at a script's
-- end, in the same atomic step as what they tell. Without a subscription nothing is stored:
--   tg:hook_events  set     what the subscriptions ask for: kinds, '*' (all), '+text' and '+contact'
--   tg:events       stream  events that a subscription has not taken yet

-- Entries of a session's log that are events, too. The kind of a status is that of the delivery.
local event_of_entry = {accepted = 'message.received', sent = 'reply.sent', refused = 'reply.failed', status = 'status'}
local event_of_status = {delivered = 'reply.delivered', read = 'reply.read', failed = 'reply.failed'}
-- What an event says; nothing else of an entry or a letter is stored, above all no text and no name.
local event_fields = {'turn', 'key', 'id', 'files', 'at', 'kind', 'code', 'failure', 'reason', 'error', 'owner', 'previous',
  'scope', 'letter', 'broadcast', 'state', 'counts'}
local events = {}

-- `data` is a table, or JSON that is only decoded if the event is wanted; `more` is a further field and its value.
local function add_event(kind, session, data, more, value)
  events[#events + 1] = {kind, session, data, more, value}
end

-- What cannot be read must not fail a step whose writes are done.
local function stored_table(text)
  local ok, value = pcall(cjson.decode, text)
  return ok and type(value) == 'table' and value or {}
end

local function write_event(kind, session, data, wanted)
  local kept = {}
  for _, field in ipairs(event_fields) do kept[field] = data[field] end
  if wanted['+text'] then kept.text, kept.sealed = data.text, data.sealed end  -- a sealed entry's text is in that
  local stored = redis.call('HMGET', 'tg:{' .. session .. '}', 'account', 'address')
  local contact = ''
  if wanted['+contact'] and stored[2] then contact = stored_table(stored[2]).theirs or '' end
  redis.call('XADD', 'tg:events', '*', 'k', kind, 's', session, 'a', stored[1] or '', 'c', contact, 'd', cjson.encode(kept))
end

-- Store the events that somebody wants. Returns how many older ones were lost, because nobody has taken them.
local function write_events()
  if #events == 0 then return 0 end
  local wanted, is_written = {}, false
  for _, name in ipairs(redis.call('SMEMBERS', 'tg:hook_events')) do wanted[name] = true end
  if not next(wanted) then return 0 end
  for _, event in ipairs(events) do
    local kind, data = event[1], event[3]
    if type(data) == 'string' then data = stored_table(data) end
    if kind == 'status' then kind = event_of_status[data.status] end
    if kind and (wanted[kind] or wanted['*']) then
      if event[4] then data[event[4]] = event[5] end
      write_event(kind, event[2], data, wanted)
      is_written = true
    end
  end
  return is_written and redis.call('XTRIM', 'tg:events', 'MAXLEN', '~', EVENTS_LENGTH) or 0
end
