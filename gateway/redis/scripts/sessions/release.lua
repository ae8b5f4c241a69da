-- Guarantee L8: release the lease if no work is left. ARGV: session, fence. Returns 1 (released), 0 (work is left), or nil
-- when the lease is lost.
local now = clock()
if not lease_valid(ARGV[1], ARGV[2], now) then return nil end
return release_or_stay(ARGV[1], now) and 1 or 0
