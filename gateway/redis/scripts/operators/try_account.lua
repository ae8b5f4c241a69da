-- An operator has put an account in order: let its circuit breaker probe now, with the sessions that wait longest. ARGV:
-- stamp, account, the maximum number of sessions. Returns the number of sessions that were enqueued, or -1 if the
-- breaker is not open. Only the first probe passes; the others wait a moment for what becomes of it.
local stamp, account, now = ARGV[1], ARGV[2], clock()
if not redis.call('ZSCORE', 'tg:paused', account) then return -1 end
redis.call('ZADD', 'tg:paused', 'XX', now, account)
local enqueued = 0
for _, session in ipairs(redis.call('ZRANGE', 'tg:due', 0, tonumber(ARGV[3]) - 1)) do
  local stored = redis.call('HMGET', key(session), 'account', 'hold', 'lease')
  local is_free = not stored[3] or tonumber(stored[3]) <= now
  if stored[1] == account and is_free and enqueued < 5 and redis.call('EXISTS', key(session, ':out')) == 1 then
    redis.call('HDEL', key(session), 'hold')
    if enqueue(session, now, stamp) then enqueued = enqueued + 1 end
  end
end
return enqueued
