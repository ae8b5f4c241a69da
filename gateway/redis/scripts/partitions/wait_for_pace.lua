-- The rate limit of an account that sends from several partitions; mark.lua has that of one. ARGV: the reply's session, whether
-- it is a bulk message (1 or ''), then for each limit its name and the milliseconds between two sends. Returns how long to
-- wait, in ms. A reply that must wait reserves its slot, until it asks again at its time or a minute later.
local now, slot_key = clock(), 'tg:pace:slot:' .. ARGV[1]
local slot = tonumber(redis.call('GET', slot_key) or 0)
if slot > 0 then
  if slot <= now then redis.call('DEL', slot_key) end
  return math.max(slot - now, 0)
end
local wait, is_reserved = take_pace(ARGV, 3, ARGV[2] == '1', now)
if is_reserved then redis.call('SET', slot_key, now + wait, 'PX', wait + 60000) end
return wait
