-- Notifications and counters, which a script collects and writes once at its end.

-- Notification about a session (gateway/redis/connection/notifications.py); a message may hold several.
local function encode_notification(session, payload)
  payload = payload or ''
  return #session .. ' ' .. #payload .. ' ' .. session .. payload
end

local notifications, counters, status_counters, minute_counters = {}, {}, {}, {}

-- A turn or one of its replies is complete; web clients may wait for it. With `payload` they need not read the log.
local function notify_waiting(session, payload)
  if session:sub(1, 4) == 'web:' then notifications[#notifications + 1] = encode_notification(session, payload) end
end

local function count(name)
  counters[name] = (counters[name] or 0) + 1
end

-- Count for ever and by the minute.
local function count_by_minute(name, number)
  minute_counters[name] = (minute_counters[name] or 0) + number
end

-- Count a delivery status by channel, status and class of failure, for ever and by the hour.
local function count_status(channel, status, failure)
  local name = channel .. ':' .. status .. (failure ~= '' and ':' .. failure or '')
  count('delivery:' .. name)
  status_counters[name] = (status_counters[name] or 0) + 1
end

-- The names are those of accounts and classes: bounded, and no more than that even if a provider invents accounts.
local function flush_minute_counters()
  local minute = 'tg:traffic:' .. string.format('%d', math.floor(clock() / 60000))
  for name, times in pairs(minute_counters) do
    local is_new = redis.call('HINCRBY', 'tg:counts', name, times) == times
    if is_new and redis.call('HLEN', 'tg:counts') > MAX_COUNTERS then
      redis.call('HDEL', 'tg:counts', name)
    elseif redis.call('HINCRBY', minute, name, times) == times then
      redis.call('PEXPIRE', minute, 25 * 3600000)
    end
  end
end

-- Store events, publish notifications and add counters once, at the end of a script.
local function flush_effects()
  local lost = write_events()
  if lost > 0 then counters['hook_events:lost'] = lost end
  if next(status_counters) then
    local hour = 'tg:statuses:' .. string.format('%d', math.floor(clock() / 3600000))
    for name, times in pairs(status_counters) do redis.call('HINCRBY', hour, name, times) end
    redis.call('PEXPIRE', hour, 25 * 3600000)
  end
  if next(minute_counters) then flush_minute_counters() end
  for name, times in pairs(counters) do redis.call('HINCRBY', 'tg:counts', name, times) end
  if #notifications > 0 then redis.call('PUBLISH', 'tg:told', table.concat(notifications)) end
end
