-- Law L8: give the lease back if nothing is left to do. ARGV: session, fence. Returns 1 (released), 0 (more to do), or nil
-- when the lease is lost.
local now = clock()
if not holds(ARGV[1], ARGV[2], now) then return nil end
return leave(ARGV[1], now) and 1 or 0
