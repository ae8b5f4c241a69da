-- What the session is now. ARGV: session, fence, and '1' when the same turn begins anew, which is no new try.
-- Returns the view, or nil when the lease is lost.
local session, now = ARGV[1], clock()
if not holds(session, ARGV[2], now) then return nil end
return view(session, now, ARGV[3] == '1')
