-- What the session is now. ARGV: session, fence. Returns the view, or nil when the lease is lost.
local session = ARGV[1]
if not holds(session, ARGV[2], clock()) then return nil end
return view(session)
