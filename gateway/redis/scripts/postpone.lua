-- Guarantee L8: release the lease and schedule the session for later. ARGV: session, fence, milliseconds, settled (1 or ''), log entry,
-- counted (1 or ''), failed (1 or '': the dialog raised an error), and the account whose send failed ('' for none) with its minimum cooldown in milliseconds.
-- Returns 1, 2 when the circuit breaker opens, or nil when the lease is lost.
local session = ARGV[1]
local now, s = clock(), key(session)

local function record_send_failure(account, min_cooldown)
  if tonumber(redis.call('ZSCORE', 'tg:paused', account) or 0) > now + PROBE_MS then return 1 end
  local failures = redis.call('HINCRBY', 'tg:failures', account, 1)
  if failures < MAX_FAILURES and min_cooldown == 0 then return 1 end
  local cooldown = INITIAL_COOLDOWN_MS * 2 ^ math.min(math.max(failures - MAX_FAILURES, 0), 20)
  redis.call('ZADD', 'tg:paused', now + math.max(min_cooldown, math.min(cooldown, MAX_COOLDOWN_MS)), account)
  count('paused')
  return 2
end

if not lease_valid(session, ARGV[2], now) then return nil end
clear_start(session, ARGV[2])
if ARGV[7] == '1' then redis.call('HINCRBY', s, 'tries', 1) end
local due = now + tonumber(ARGV[3])
redis.call('HSET', s, 'hold', due)
clear_lease(session)
if ARGV[4] == '1' then redis.call('HDEL', s, 'marked', 'marked_at') end
if ARGV[6] == '1' and redis.call('EXISTS', key(session, ':out')) == 1 then redis.call('HINCRBY', s, 'waits', 1) end
redis.call('ZADD', 'tg:due', due, session)
log_entry(session, 'postponed', ARGV[5])
return ARGV[8] == '' and 1 or record_send_failure(ARGV[8], tonumber(ARGV[9]))
