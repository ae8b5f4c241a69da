-- Timers and expiry of a conversation.

local TIMERS = {'inactivity', 'hand_off', 'undelivered'}

local cancelled_timers = {}  -- sessions whose timer's answer this script run has discarded

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

local LATE_MS = 5000

-- A reply left late, because its provider was away: nobody could answer before. Its timer counts from now (`patience` is its
-- length).
local function delay_timers(session, now)
  local stored = redis.call('HMGET', key(session), 'patience', 'inactivity', 'hand_off')
  local patience = tonumber(stored[1] or '')
  if not patience then return end
  for i, name in ipairs({'inactivity', 'hand_off'}) do
    local at = tonumber(stored[i + 1] or '')
    if at and at < now + patience then redis.call('HSET', key(session), name, now + patience) end
  end
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

-- Restart a conversation that was inactive for too long before this turn was accepted.
local function expire_conversation(session, fields, turn, now)
  if not (fields[3] and fields[11] and tonumber(fields[11]) <= now) then return end
  local accepted = tonumber(redis.call('ZSCORE', key(session, ':seen'), turn or '') or now)
  if accepted < tonumber(fields[11]) then return end
  redis.call('HDEL', key(session), 'state', 'expires')
  fields[3] = false
  log_entry(session, 'expired', '{}')
end
