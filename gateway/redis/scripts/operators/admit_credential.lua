-- Admit a credential, or refuse it unseen after too many wrong ones. ARGV: address, '1' if it is right.
-- Returns the milliseconds to wait; 0 if it was admitted, or counted as wrong. Attempts of an address
-- (tg:{access}:wrong:<address>: count, until) and of all addresses (tg:{access}:wrong) are counted. Once those
-- of all are too many, only an address that had a right one before (tg:{access}:known:<address>) goes on.
local FREE, TOTAL, MAX_WAIT_MS = 5, 100, 60000
local WINDOW_MS, KNOWN_MS = 600000, 30 * 86400000
local all = 'tg:{access}:wrong'
local own, known = all .. ':' .. ARGV[1], 'tg:{access}:known:' .. ARGV[1]
local now = clock()

local wait = tonumber(redis.call('HGET', own, 'until') or 0) - now
if wait > 0 then return wait end
if tonumber(redis.call('GET', all) or 0) >= TOTAL and redis.call('EXISTS', known) == 0 then
  return math.max(redis.call('PTTL', all), 1)
end
if ARGV[2] == '1' then
  redis.call('SET', known, '1', 'PX', KNOWN_MS)
  return 0
end
local count = redis.call('HINCRBY', own, 'count', 1)
if count >= FREE then
  local pause = math.min(1000 * 2 ^ (count - FREE), MAX_WAIT_MS)
  redis.call('HSET', own, 'until', string.format('%.0f', now + pause))
end
redis.call('PEXPIRE', own, WINDOW_MS)
if redis.call('INCR', all) == 1 then redis.call('PEXPIRE', all, WINDOW_MS) end
return 0
