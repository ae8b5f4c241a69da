-- The service window of a session (guarantee L13): until its field `window` the provider accepts free text.

-- Guarantee L13: a message opens the service window, or keeps it open for longer; it counts from the provider's time.
-- Returns whether it is open.
local function open_window(session, length, entry, now)
  local s, at = key(session), tonumber(entry:match('"at":([%d.]+)') or '')
  local closes = math.floor(math.min(at and at * 1000 or now, now)) + length
  if closes > tonumber(redis.call('HGET', s, 'window') or 0) then redis.call('HSET', s, 'window', closes) end
  return closes > now
end

-- The provider says until when free text is accepted: a conversation that began with an ad has three days. More than a
-- week comes from a wrong clock.
local function extend_window(session, entry, now)
  local closes = tonumber(entry:match('"window_until":([%d.]+)') or '')
  if not closes then return end
  local known, latest = redis.call('HGET', key(session), 'window'), now + 7 * DAY_MS
  closes = math.min(closes * 1000, latest)
  if known and (closes > tonumber(known) or tonumber(known) > latest) then
    redis.call('HSET', key(session), 'window', closes)
  end
end
