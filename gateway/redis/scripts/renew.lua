-- Law L5: renew many leases. ARGV: session, fence, … Returns 1 or 0 for each.
local now, kept = clock(), {}
for i = 1, #ARGV, 2 do
  local session = ARGV[i]
  if holds(session, ARGV[i + 1], now) then
    redis.call('HSET', key(session), 'lease', now + LEASE_MS)
    redis.call('ZADD', 'tg:due', now + LEASE_MS, session)
    kept[#kept + 1] = 1
  else
    kept[#kept + 1] = 0
  end
end
return kept
