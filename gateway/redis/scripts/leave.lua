-- Law L8: give the lease back, or see what is left to do. ARGV: session, fence. Returns 1 (released), the view, or nil when
-- the lease is lost.
local session, now = ARGV[1], clock()
if not holds(session, ARGV[2], now) then return nil end
return leave(session, now) and 1 or view(session, now)
