-- Progress of broadcasts. The key of a broadcast's message in each session is `own-bc-` and its name.

-- Count what became of a message, if it is a broadcast's: once for its first part, not again for a resend.
local function count_broadcast(reply, counter)
  local name, rest = (reply or ''):match('^own%-bc%-([%w_-]+)(.*)$')
  if not name or not (rest == '' or rest:match('^%.1$') or rest:match('^%.?1?~')) then return end
  local broadcast = 'tg:broadcast:' .. name
  if redis.call('EXISTS', broadcast) == 1 then redis.call('HINCRBY', broadcast, counter, 1) end
end

-- Guarantee L13: what waits in an outbox when its broadcast is stopped does not leave. Returns reason and code, or nil.
local function stopped_broadcast(reply)
  local name = reply:match('^own%-bc%-([%w_-]+)')
  if name and redis.call('HGET', 'tg:broadcast:' .. name, 'state') == 'stopped' then
    return 'the broadcast was stopped', 'stopped'
  end
end
