-- Progress of broadcasts. The key of a broadcast's message in each session is `own-bc-` and its name.

-- Count what became of a message, if it is a broadcast's: once for its first part, not again for a resend.
local function count_broadcast(reply, counter)
  local name, rest = (reply or ''):match('^own%-bc%-([%w_-]+)(.*)$')
  if not name or not (rest == '' or rest:match('^%.1$') or rest:match('^%.?1?~')) then return end
  local broadcast = 'tg:broadcast:' .. name
  if redis.call('EXISTS', broadcast) == 1 then redis.call('HINCRBY', broadcast, counter, 1) end
end

-- Tell the operator's systems how far a broadcast is.
local function tell_progress(name)
  local stored = redis.call('HMGET', 'tg:broadcast:' .. name, 'state', 'total', 'processed', 'queued', 'skipped')
  add_event('broadcast.progress', '', {broadcast = name, state = stored[1], counts = {total = tonumber(stored[2]),
    processed = tonumber(stored[3] or 0), queued = tonumber(stored[4] or 0), skipped = tonumber(stored[5] or 0)}})
end

-- Guarantee L13: what waits in an outbox when its broadcast is stopped does not leave. Returns reason and code, or nil.
local function stopped_broadcast(reply)
  local name = reply:match('^own%-bc%-([%w_-]+)')
  if name and redis.call('HGET', 'tg:broadcast:' .. name, 'state') == 'stopped' then
    return 'the broadcast was stopped', 'stopped'
  end
end
