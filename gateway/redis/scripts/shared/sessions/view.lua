-- The fields of a view in the order in which they are returned, then those that are only needed here.
local VIEW_FIELDS = {'owner', 'optout', 'state', 'tries', 'waits', 'marked', 'marked_at', 'overflow', 'gather', 'quiet',
  'expires', 'left', 'unknown', 'started', 'address', 'marked_to', 'account', 'sends'}
local VIEW_LENGTH, STARTED, ACCOUNT, SENDS = #VIEW_FIELDS, 14, 17, 18

-- Read them, and more fields behind them.
local function read_view_fields(session, ...)
  local names = {unpack(VIEW_FIELDS)}
  for i = 1, select('#', ...) do names[VIEW_LENGTH + i] = select(i, ...) end
  return redis.call('HMGET', key(session), unpack(names))
end

-- The session as its lease holder sees it: one turn, or all that may be merged into one. Reading the first reply
-- starts it, and a waiting turn if the outbox is empty. A burst that may still grow is not returned; an expired timer is
-- returned only when there is nothing else. `stored` are the session's fields, which are read otherwise.
local function read_view(session, now, fence, is_restart, stored)
  local s, fields = key(session), {unpack(stored or read_view_fields(session), 1, VIEW_LENGTH)}
  local outbox = redis.call('LRANGE', key(session, ':out'), 0, 9)
  local started, sends = fields[STARTED] or '', fields[SENDS] or ''
  fields[STARTED] = count_deaths(#outbox > 0 and sends or started, fence)
  local turns = {}
  if #outbox > 0 then record_start(session, 'sends', sends, fence) end
  if #outbox == 0 and tonumber(fields[10] or 0) <= now then
    turns = redis.call('LRANGE', key(session, ':mail'), 0, fields[9] == '1' and BURST_LENGTH - 1 or 0)
    if fields[10] then redis.call('HDEL', s, 'burst', 'quiet') end
  end
  local fired_timer = {}
  if #turns > 0 then
    local turn = stored_field(turns[1], 'id')
    expire_conversation(session, fields, turn, now)
    fields[1], fields[2] = effective_rights(session, fields[1], fields[2])
    if not is_restart then
      record_start(session, 'started', started, fence)
      local claimed = {turn = turn, fence = fence}
      if fields[10] then claimed.gathered = true end
      log_entry(session, 'claimed', cjson.encode(claimed))
      local waits_since = wait_begin(session, turn, now)
      local is_first_try = started == '' and tonumber(fields[4] or 0) == 0
      if is_first_try and waits_since > 0 then observe('queue_wait', fields[ACCOUNT] or '', now - waits_since) end
    end
  elseif #outbox == 0 then
    local at, name = next_timer(session)
    if at and at <= now then
      record_start(session, 'started', started, fence)
      local fired = redis.call('HMGET', s, 'address', 'undelivered_as')
      fired_timer = {name, fired[1], at, name == 'undelivered' and fired[2] or ''}
    end
  end
  fields[ACCOUNT], fields[SENDS] = nil, nil  -- only needed here
  local recent = {}
  if fields[6] then recent = redis.call('LRANGE', key(session, ':recent'), 0, -1) end
  stamp_first_reply(session, outbox, now)
  return {fields, turns, outbox, recent, fired_timer, now}
end
