-- Give the lease back with work left, and enqueue the next drain. ARGV: stamp, session, fence.
local session = ARGV[2]
local now = clock()
if not holds(session, ARGV[3], now) then return nil end
unhold(session)
wake(session, now, ARGV[1])
return 1
