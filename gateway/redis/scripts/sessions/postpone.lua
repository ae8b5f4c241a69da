-- Guarantee L8: release the lease and schedule the session for later. ARGV: session, fence, milliseconds, settled (1, '' or unknown), log entry,
-- counted (1 or ''), failed (1 or '': the dialog raised an error), and the account whose send failed ('' for none) with its
-- minimum cooldown in milliseconds and the reply's key; optionally the account or number that is over a rate limit of the
-- provider, and for how many milliseconds its sends pause. Returns 1, 2 when the circuit breaker opens, or nil when the lease
-- is lost.
local session = ARGV[1]
local now, s = clock(), key(session)

-- The circuit breaker counts failing replies, not their tries: one reply that fails five times is one person's.
local function record_send_failure(account, min_cooldown, reply, reason)
  if tonumber(redis.call('ZSCORE', 'tg:paused', account) or 0) > now + PROBE_MS then return 1 end
  local failing = 'tg:failing:' .. account
  redis.call('ZADD', failing, now, redis.sha1hex(session .. ' ' .. reply))
  redis.call('ZREMRANGEBYRANK', failing, 0, -MAX_FAILURES - 1)
  redis.call('PEXPIRE', failing, RETENTION_MS)
  local opens = min_cooldown > 0 or redis.call('ZCARD', failing) >= MAX_FAILURES
  local openings = redis.call('HINCRBY', 'tg:failures', account, opens and 1 or 0)
  if not opens then return 1 end
  local cooldown = math.min(INITIAL_COOLDOWN_MS * 2 ^ math.min(openings - 1, 20), MAX_COOLDOWN_MS)
  redis.call('ZADD', 'tg:paused', now + math.max(min_cooldown, cooldown), account)
  redis.call('HSET', 'tg:reasons', account, reason)
  redis.call('PEXPIRE', 'tg:reasons', RETENTION_MS)
  count('paused')
  return 2
end

local function pause_sends(name, pause)
  local until_ = math.max(now + pause, tonumber(redis.call('GET', 'tg:throttled:' .. name) or 0))
  redis.call('SET', 'tg:throttled:' .. name, until_, 'PX', until_ - now)
end

-- A session whose provider is down for hours is postponed hundreds of times: its log keeps the last of these.
local function drop_previous_entry(reason)
  local last = redis.call('XREVRANGE', key(session, ':log'), '+', '-', 'COUNT', 2)
  for _, entry in ipairs(last) do
    local kind, data = entry[2][2], entry[2][4]
    if kind == 'postponed' and cjson.decode(data).reason == reason then
      redis.call('XDEL', key(session, ':log'), entry[1])
    end
    if kind ~= 'sending' then return end
  end
end

if not lease_valid(session, ARGV[2], now) then return nil end
clear_start(session, ARGV[2])
if ARGV[7] == '1' then redis.call('HINCRBY', s, 'tries', 1) end
local due = now + tonumber(ARGV[3])
redis.call('HSET', s, 'hold', due)
clear_lease(session)
if ARGV[4] == '1' then redis.call('HDEL', s, 'marked', 'marked_at') end
if ARGV[4] == 'unknown' then redis.call('HINCRBY', s, 'unknown', 1) end
if ARGV[6] == '1' and redis.call('EXISTS', key(session, ':out')) == 1 then
  redis.call('HINCRBY', s, 'waits', 1)
  redis.call('HDEL', s, 'sends')  -- a worker lives that has tried it, so earlier deaths had another cause
end
redis.call('ZADD', 'tg:due', due, session)
local reason = cjson.decode(ARGV[5]).reason
drop_previous_entry(reason)
log_entry(session, 'postponed', ARGV[5])
if ARGV[11] then pause_sends(ARGV[11], tonumber(ARGV[12])) end
return ARGV[8] == '' and 1 or record_send_failure(ARGV[8], tonumber(ARGV[9]), ARGV[10], reason)
