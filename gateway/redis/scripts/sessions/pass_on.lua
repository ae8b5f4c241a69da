-- Release the lease with work left, and enqueue the next job. ARGV: stamp, session, fence.
local session = ARGV[2]
local now = clock()
if not lease_valid(session, ARGV[3], now) then return nil end
clear_lease(session)
clear_start(session, ARGV[3])
enqueue(session, now, ARGV[1])
return 1
