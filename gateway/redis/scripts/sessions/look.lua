-- Read the session. ARGV: session, fence, and '1' when the same turn restarts.
-- Returns the view, or nil when the lease is lost.
local session, now = ARGV[1], clock()
if not lease_valid(session, ARGV[2], now) then return nil end
return read_view(session, now, ARGV[2], ARGV[3] == '1')
