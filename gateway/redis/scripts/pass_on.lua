-- Give the lease back with work left, and enqueue the next drain. ARGV: stamp, session, fence.
local session = ARGV[2]
local now = clock()
if not holds(session, ARGV[3], now) then return nil end
unhold(session)
-- Looking at the first turn counted a try, and it was not begun.
if tonumber(redis.call('HGET', key(session), 'tries') or 0) > 0 then
  redis.call('HINCRBY', key(session), 'tries', -1)
end
wake(session, now, ARGV[1])
return 1
