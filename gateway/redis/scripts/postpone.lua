-- Law L8: give the lease back until a later time. ARGV: session, fence, milliseconds, settled (1 or ''), log entry,
-- counted (1 or ''), and the account whose send failed ('' for none) with the least milliseconds that it rests.
-- Returns 1, 2 when the account rests from now on, or nil when the lease is lost.
local session = ARGV[1]
local now, s = clock(), key(session)

local function failed(account, least)
  if tonumber(redis.call('ZSCORE', 'tg:paused', account) or 0) > now + PROBE_MS then return 1 end
  local failures = redis.call('HINCRBY', 'tg:failures', account, 1)
  if failures < FAILURES and least == 0 then return 1 end
  local doubled = FIRST_REST_MS * 2 ^ math.min(math.max(failures - FAILURES, 0), 20)
  redis.call('ZADD', 'tg:paused', now + math.max(least, math.min(doubled, LONGEST_REST_MS)), account)
  count('paused')
  return 2
end

if not holds(session, ARGV[2], now) then return nil end
local due = now + tonumber(ARGV[3])
redis.call('HSET', s, 'hold', due)
unhold(session)
if ARGV[4] == '1' then redis.call('HDEL', s, 'marked', 'marked_at') end
if ARGV[6] == '1' and redis.call('EXISTS', key(session, ':out')) == 1 then redis.call('HINCRBY', s, 'waits', 1) end
redis.call('ZADD', 'tg:due', due, session)
note(session, 'postponed', ARGV[5])
return ARGV[7] == '' and 1 or failed(ARGV[7], tonumber(ARGV[8]))
