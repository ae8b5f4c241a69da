-- Rate limit of the provider: the sends of an account or number wait until it ends, and then come back one after the
-- other. Returns nil, or the milliseconds to wait and the reason.
local function throttle_wait(session, account, number, now)
  local until_ = 0
  for _, name in ipairs({account, number}) do
    until_ = math.max(until_, tonumber(redis.call('GET', 'tg:throttled:' .. name) or 0))
  end
  if until_ <= now then return nil end
  local share = tonumber(redis.sha1hex(session):sub(1, 4), 16) / 65536
  return {math.floor(until_ - now + share * math.max((until_ - now) / 4, PROBE_MS)), 'rate limit of the provider'}
end

-- Circuit breaker: open after too many failing replies; then one probe at a time is let through. Returns nil, or the
-- milliseconds to wait and the reason. Sessions that wait for long come back one after the other, not all at once.
local function breaker_wait(session, account, now)
  local until_ = tonumber(redis.call('ZSCORE', 'tg:paused', account) or 0)
  if until_ > now then
    local wait = until_ - now
    if wait > PROBE_MS then
      local share = tonumber(redis.sha1hex(session):sub(1, 4), 16) / 65536
      wait = math.floor(wait * (1 + share / 4))
    end
    return {wait, redis.call('HGET', 'tg:reasons', account) or 'the circuit breaker is open'}
  end
  if until_ > 0 then redis.call('ZADD', 'tg:paused', now + PROBE_MS, account) end
  return nil
end
