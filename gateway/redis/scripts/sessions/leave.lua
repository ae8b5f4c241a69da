-- Guarantee L8: release the lease, or return the work that is left. ARGV: session, fence. Returns 1 (released), the view, or nil when
-- the lease is lost.
local session, now = ARGV[1], clock()
if not lease_valid(session, ARGV[2], now) then return nil end
return release_or_stay(session, now) and 1 or read_view(session, now, ARGV[2])
