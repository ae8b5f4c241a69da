-- Timers and expiry of a conversation.

local TIMERS = {'inactivity', 'hand_off', 'undelivered'}

-- The next of a session's timers, given their times: its time and name, or nil.
local function first_timer(times)
  local first, name = nil, nil
  for i, at in ipairs(times) do
    at = tonumber(at or '')
    if at and (not first or at < first) then first, name = at, TIMERS[i] end
  end
  return first, name
end

local function next_timer(session)
  return first_timer(redis.call('HMGET', key(session), unpack(TIMERS)))
end

-- Cancel timers: the contact wrote, or an agent acted.
local function clear_timers(session, ...)
  local fields = {}
  for _, name in ipairs({...}) do
    fields[#fields + 1] = name
    fields[#fields + 1] = ''
  end
  redis.call('HSET', key(session), unpack(fields))
end

-- A reply never reached the contact. Schedules the timer that informs the dialog, except for replies to that timer,
-- which would loop. A failed hand-off message ends the hand-off. Returns whether a timer was scheduled.
local function schedule_undelivered(session, reply, now, failure)
  if reply:sub(-6) == '.close' or reply:sub(1, 6) == 'agent-' or reply:sub(1, 4) == 'own-' or reply:sub(1, 12) == 'undelivered-' then
    return false
  end
  if redis.call('HEXISTS', key(session), 'address') == 0 then return false end  -- erased meanwhile
  local timer = reply:sub(-9) == '.hand_off' and 'hand_off' or 'undelivered'
  redis.call('HSET', key(session), timer, now, 'undelivered_as', failure or 'permanent')
  return true
end

-- Restart a conversation that was inactive for too long.
local function expire_conversation(session, fields, now)
  if fields[3] and fields[11] and tonumber(fields[11]) <= now then
    redis.call('HDEL', key(session), 'state', 'expires')
    fields[3] = false
    log_entry(session, 'expired', '{}')
  end
end
