-- Guarantee L5: renew several leases. ARGV: session, fence, … Returns 1 or 0 for each.
local now, results = clock(), {}
for i = 1, #ARGV, 2 do
  local session = ARGV[i]
  if lease_valid(session, ARGV[i + 1], now) then
    redis.call('HSET', key(session), 'lease', now + LEASE_MS)
    redis.call('ZADD', 'tg:due', now + LEASE_MS, session)
    results[#results + 1] = 1
  else
    results[#results + 1] = 0
  end
end
return results
