-- Release the lease with work left, and enqueue the next job. ARGV: stamp, session, fence.
local session = ARGV[2]
local now = clock()
if not lease_valid(session, ARGV[3], now) then return nil end
clear_lease(session)
-- Reading the first turn counted as a try, but it was not started.
if tonumber(redis.call('HGET', key(session), 'tries') or 0) > 0 then
  redis.call('HINCRBY', key(session), 'tries', -1)
end
enqueue(session, now, ARGV[1])
return 1
