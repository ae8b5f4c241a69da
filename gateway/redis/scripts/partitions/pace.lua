-- The rate limit of an account that sends from several partitions; mark.lua has that of one. ARGV: the reply's session, whether
-- it is a bulk message (1 or ''), then for each limit its name and the milliseconds between two sends. Returns how long to
-- wait, in ms. A reply that must wait reserves its slot, until it asks again at its time or a minute later.
local now, slot_key = clock(), 'tg:pace:slot:' .. ARGV[1]
local slot = tonumber(redis.call('GET', slot_key) or 0)
if slot > 0 then
  if slot <= now then redis.call('DEL', slot_key) end
  return math.max(slot - now, 0)
end
local wait, caught_up, bulk = 0, {}, ARGV[2] == '1'
for i = 3, #ARGV, 2 do
  local interval = tonumber(ARGV[i + 1])
  local at = math.max(tonumber(redis.call('GET', 'tg:pace:' .. ARGV[i]) or 0), now)
  wait = math.max(wait, at + interval - math.max(bulk and 500 or 1000, interval) - now)
  caught_up[i] = at + interval
end
if bulk and wait > 0 then return wait end
for i, at in pairs(caught_up) do
  redis.call('SET', 'tg:pace:' .. ARGV[i], at, 'PX', at - now + 1000)
end
if wait > 0 then redis.call('SET', slot_key, now + wait, 'PX', wait + 60000) end
return wait
