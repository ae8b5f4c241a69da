-- Guarantee L5: renew several leases. ARGV: session, fence, … Returns the lease in milliseconds, or 0, for each.
local now, results = clock(), {}
for i = 1, #ARGV, 2 do
  local session = ARGV[i]
  if lease_valid(session, ARGV[i + 1], now) then
    local length = lease_length(redis.call('HGET', key(session), 'losses'))
    redis.call('HSET', key(session), 'lease', now + length)
    redis.call('ZADD', 'tg:due', now + length, session)
    results[#results + 1] = length
  else
    results[#results + 1] = 0
  end
end
return results
