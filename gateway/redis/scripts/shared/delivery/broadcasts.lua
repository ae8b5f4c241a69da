-- Progress of broadcasts. The key of a broadcast's message in each session is `own-bc-` and its name.

-- Count what became of a message, if it is a broadcast's: once for its first part, not again for a resend.
local function count_broadcast(reply, counter, by)
  local name, rest = (reply or ''):match('^own%-bc%-([%w_-]+)(.*)$')
  if not name or not (rest == '' or rest:match('^%.1$') or rest:match('^%.?1?~')) then return end
  local broadcast = 'tg:broadcast:' .. name
  if redis.call('EXISTS', broadcast) == 1 then redis.call('HINCRBY', broadcast, counter, by or 1) end
end

-- A message leaves the outbox or the schedule for good, for the first time: `how` is sent, refused, rejected or rerouted.
-- One that is sent again has been counted as sent; if the gate refuses it then, it has failed.
local function count_left(reply, how)
  if not (reply or ''):find('~%d') then
    count_broadcast(reply, how)
  elseif how == 'refused' then
    count_broadcast(reply, 'failed')
  end
end

-- An operator replays the dead letter of a message: it waits once more, unless the provider had accepted it.
local function count_replayed(reply)
  count_broadcast(reply, 'failed', -1)
  if not (reply or ''):find('~%d') then count_broadcast(reply, 'rejected', -1) end
end

-- Count a message that enters an outbox or the schedule, in that step: the row is recorded later, or by another process
-- that repeats it. An earlier release has counted rows only.
local function count_entered(id)
  local name = id:match('^own%-bc%-([%w_-]+)$')
  local broadcast = 'tg:broadcast:' .. (name or '')
  if not name or redis.call('EXISTS', broadcast) == 0 then return end
  if redis.call('HEXISTS', broadcast, 'entered') == 0 then
    redis.call('HSET', broadcast, 'entered', redis.call('HGET', broadcast, 'queued') or 0)
  end
  redis.call('HINCRBY', broadcast, 'entered', 1)
end

-- Return how many messages are in outboxes or scheduled.
local function count_waiting(broadcast)
  local counts = redis.call('HMGET', broadcast, 'entered', 'queued', 'sent', 'refused', 'rejected', 'rerouted')
  local waiting = tonumber(counts[1] or counts[2] or 0)
  for i = 3, 6 do waiting = waiting - tonumber(counts[i] or 0) end
  return math.max(waiting, 0)
end

-- Tell the operator's systems how far a broadcast is.
local function tell_progress(name)
  local stored = redis.call('HMGET', 'tg:broadcast:' .. name, 'state', 'total', 'processed', 'queued', 'skipped', 'scheduled')
  local scheduled = math.max(tonumber(stored[6] or 0), 0)
  add_event('broadcast.progress', '', {broadcast = name, state = stored[1], counts = {total = tonumber(stored[2]),
    processed = tonumber(stored[3] or 0), queued = math.max(tonumber(stored[4] or 0) - scheduled, 0),
    scheduled = scheduled, skipped = tonumber(stored[5] or 0)}})
end

-- Guarantee L13: what waits in an outbox when its broadcast is stopped does not leave. Returns reason and code, or nil.
local function stopped_broadcast(reply)
  local name = reply:match('^own%-bc%-([%w_-]+)')
  if name and redis.call('HGET', 'tg:broadcast:' .. name, 'state') == 'stopped' then
    return 'the broadcast was stopped', 'stopped'
  end
end
