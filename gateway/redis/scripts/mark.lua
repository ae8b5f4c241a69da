-- Laws L7 and L10: note that the first reply is about to be sent, if the bot may still speak and the provider
-- takes more. ARGV: session, fence, reply key, log entry, account, bulk (1 or ''), voice, then for each pace its name
-- and the milliseconds from one send to the next. Returns 1, 0 (dropped), minus the milliseconds to wait, or nil when the
-- lease is lost.
local session = ARGV[1]
local now, s = clock(), key(session)

-- After too many failures in a row an account rests; then one send at a time tries whether it is over.
local function rest(account)
  local until_ = tonumber(redis.call('ZSCORE', 'tg:paused', account) or 0)
  if until_ > now then return until_ - now end
  if until_ > 0 then redis.call('ZADD', 'tg:paused', now + PROBE_MS, account) end
  return 0
end

-- The generic cell rate algorithm, with a second's worth at once. A reply that must wait keeps its place;
-- bulk keeps none and leaves half of every second to replies.
local function pace(bulk)
  local slot = tonumber(redis.call('HGET', s, 'slot') or 0)
  if slot > 0 then
    if slot <= now then redis.call('HDEL', s, 'slot') end
    return math.max(slot - now, 0)
  end
  local wait, caught_up = 0, {}
  for i = 8, #ARGV, 2 do
    local interval = tonumber(ARGV[i + 1])
    local at = math.max(tonumber(redis.call('GET', 'tg:pace:' .. ARGV[i]) or 0), now)
    wait = math.max(wait, at + interval - math.max(bulk and 500 or 1000, interval) - now)
    caught_up[i] = at + interval
  end
  if bulk and wait > 0 then return wait end
  for i, at in pairs(caught_up) do
    redis.call('SET', 'tg:pace:' .. ARGV[i], at, 'PX', at - now + 1000)
  end
  if wait > 0 then redis.call('HSET', s, 'slot', now + wait) end
  return wait
end

if not holds(session, ARGV[2], now) then return nil end
local marks = redis.call('HMGET', s, 'owner', 'optout')
local reason = silenced(marks[1], marks[2], ARGV[7])
if reason then
  note(session, 'refused', cjson.encode({key = ARGV[3], reason = reason}))
  settle(session)
  tell(session)
  count('silenced')
  return 0
end
local wait = rest(ARGV[5])
if wait == 0 then wait = pace(ARGV[6] == '1') end
if wait > 0 then return -wait end
redis.call('HSET', s, 'marked', ARGV[3], 'marked_at', now)
note(session, 'sending', ARGV[4])
return 1
