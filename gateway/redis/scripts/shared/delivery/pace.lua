-- Rate limits of numbers and accounts: the generic cell rate algorithm with a burst of one second.
--   tg:pace:*  string  theoretical arrival time of the next send, by the name of the limit

-- The milliseconds to wait for every limit in `arguments`, from the place `first` on: name and milliseconds between two
-- sends. A reply that must wait reserves its slot (the second answer); bulk messages reserve none and leave half of every
-- second to replies.
local function take_pace(arguments, first, bulk, now)
  local wait, caught_up = 0, {}
  for i = first, #arguments, 2 do
    local interval = tonumber(arguments[i + 1])
    local at = math.max(tonumber(redis.call('GET', 'tg:pace:' .. arguments[i]) or 0), now)
    wait = math.max(wait, at + interval - math.max(bulk and 500 or 1000, interval) - now)
    caught_up[i] = at + interval
  end
  if bulk and wait > 0 then return wait, false end
  for i, at in pairs(caught_up) do
    redis.call('SET', 'tg:pace:' .. arguments[i], at, 'PX', at - now + 1000)
  end
  return wait, wait > 0
end
