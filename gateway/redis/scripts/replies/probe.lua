-- Guarantee L7: ask the account's rate limit at the provider and its circuit breaker whether a reply may be looked up at the provider now. ARGV: session,
-- fence, account. Returns 1, {milliseconds to wait, reason}, or nil when the lease is lost.
local session, now = ARGV[1], clock()
if not lease_valid(session, ARGV[2], now) then return nil end
return throttle_wait(session, ARGV[3], '', now) or breaker_wait(session, ARGV[3], now) or 1
