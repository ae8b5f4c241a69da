-- Shared functions: prepended to every script, after the constants that gateway/redis/lua.py writes.
--
-- Keys of one session share a hash tag:
--   tg:{s}        hash    owner optout state address account | fence nonce lease | job hold | tries started losses
--                         waits marked marked_at slot | gather burst quiet overflow | inactivity hand_off undelivered
--                         undelivered_as expires lapses acted wrote
--   tg:{s}:mail   list    accepted turns, not yet committed
--   tg:{s}:out    list    committed replies, not yet settled
--   tg:{s}:seen   zset    deduplication: provider ids of received messages, by time
--   tg:{s}:recent list    provider ids of sent messages
--   tg:{s}:kept   hash    sent replies that may have to be sent again, by provider id
--   tg:{s}:log    stream  log of the session
--   tg:{s}:proactive      zset  keys of proactive messages, by time
--   tg:proactive:{s}:*    hash  a proactive message by its key: outcome (queued or a refusal's code), digest of the content,
--                               entry (its first log entry), parts
-- and, for all sessions:
--   tg:due        zset    session by the time at which the sweeper must check it
--   tg:ready:*    zset    an account's sessions that have a job in the queue, by the time it was enqueued
--   tg:backlog:*  zset    sessions that wait because their account has too many jobs
--   tg:message:*  hash    a sent message's status by the provider's id
--   tg:resends    zset    sent messages that are sent again, by the time of that
--   tg:proactive_session:*  string  the session of the newest proactive message of a key
--   tg:counts     hash    counters
--   tg:statuses:* hash    counters of delivery statuses by channel, status and class, for each hour since the epoch
--   tg:alarms     hash    the last failure of an account that a status reported, by account
--   tg:dead       stream  dead letters
--   tg:desk       zset    sessions that wait for an agent or have one, by the time of the last change
--   tg:paused     zset    open circuit breakers: accounts by the time of the next probe
--   tg:workers    zset    workers by the time of their last heartbeat
--   tg:probe      zset    what the readiness check wrote; expires after a minute
--   tg:failing:*  zset    replies of an account that failed since its last success, by time; as many as open its breaker
--   tg:failures   hash    how often the circuit breaker opened since the last success, by account
--   tg:reasons    hash    the error that opened the circuit breaker, by account
--   tg:pace:*     string  rate limit: theoretical arrival time of the next send of a number or account
--
-- Out of memory, the server refuses a script only at its first write, never later, so no script is applied
-- partially. accept.lua therefore begins with a write that is refused then (ZADD), not with one that passes (ZREM).

-- Current time in milliseconds. It does not change while a script runs, so it is read once.
local cached_time
local function clock()
  if not cached_time then
    local time = redis.call('TIME')
    cached_time = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return cached_time
end

local function key(session, part)
  return 'tg:{' .. session .. '}' .. (part or '')
end

local function proactive_record(session, id)
  return 'tg:proactive:{' .. session .. '}:' .. id
end

local function log_entry(session, kind, entry)
  return redis.call('XADD', key(session, ':log'), 'MAXLEN', '~', LOG_LENGTH, '*', 'k', kind, 'd', entry)
end

-- Notification about a session (gateway/redis/connection/notifications.py); a message may hold several.
local function encode_notification(session, payload)
  payload = payload or ''
  return #session .. ' ' .. #payload .. ' ' .. session .. payload
end

local notifications, counters, status_counters = {}, {}, {}

-- A turn or one of its replies is complete; web clients may wait for it. With `payload` they need not read the log.
local function notify_waiting(session, payload)
  if session:sub(1, 4) == 'web:' then notifications[#notifications + 1] = encode_notification(session, payload) end
end

local function count(name)
  counters[name] = (counters[name] or 0) + 1
end

-- Count a delivery status by channel, status and class of failure, for ever and by the hour.
local function count_status(channel, status, failure)
  local name = channel .. ':' .. status .. (failure ~= '' and ':' .. failure or '')
  count('delivery:' .. name)
  status_counters[name] = (status_counters[name] or 0) + 1
end

-- Publish notifications and add counters once, at the end of a script.
local function flush_effects()
  if next(status_counters) then
    local hour = 'tg:statuses:' .. string.format('%d', math.floor(clock() / 3600000))
    for name, times in pairs(status_counters) do redis.call('HINCRBY', hour, name, times) end
    redis.call('PEXPIRE', hour, 25 * 3600000)
  end
  for name, times in pairs(counters) do redis.call('HINCRBY', 'tg:counts', name, times) end
  if #notifications > 0 then redis.call('PUBLISH', 'tg:told', table.concat(notifications)) end
end

-- Guarantee L10: `owner` speaks from now on. With `expires` the bot may speak again after a period without an agent's
-- action; without it, only an explicit action returns the session to the bot.
local function set_owner(session, owner, now, expires)
  local s = key(session)
  redis.call('HSET', s, 'owner', owner)
  redis.call('HDEL', s, 'lapses')
  if owner == 'waiting' or owner == 'human' then
    redis.call('ZADD', 'tg:desk', now, session)
    redis.call('ZREMRANGEBYSCORE', 'tg:desk', '-inf', now - RETENTION_MS)
    if expires and AGENT_TIMEOUT_MS > 0 then redis.call('HSET', s, 'lapses', now + AGENT_TIMEOUT_MS) end
  else
    redis.call('ZREM', 'tg:desk', session)
  end
end

local has_backlog = {}  -- cache for this script run

-- Fairness: an account has a bounded number of jobs in the queue, so others do not wait behind thousands.
local function reserve_slot(session, account, now)
  local ready = 'tg:ready:' .. account
  if redis.call('ZCARD', ready) >= MAX_JOBS_PER_ACCOUNT and not redis.call('ZSCORE', ready, session) then
    redis.call('ZADD', 'tg:backlog:' .. account, 'NX', now, session)
    redis.call('ZADD', 'tg:due', now + BACKLOG_MS, session)
    has_backlog[account] = true
    return false
  end
  redis.call('ZADD', ready, now, session)
  return true
end

local queue_registered = false  -- RQ's set of queues contains ours

-- Enqueue a job unless the session has one or must wait: `hold` after a failure, `quiet` while a burst of messages
-- may still grow (debounce). Returns whether it was enqueued.
-- The job's data is stored as plain JSON: RQ reads uncompressed data as well as compressed.
local function enqueue(session, now, stamp)
  local s = key(session)
  local stored = redis.call('HMGET', s, 'job', 'hold', 'quiet', 'account')
  if stored[1] then return false end
  local not_before = math.max(tonumber(stored[2] or 0), tonumber(stored[3] or 0))
  if not_before > now then
    redis.call('ZADD', 'tg:due', not_before, session)
    return false
  end
  if not reserve_slot(session, stored[4] or '', now) then return false end
  -- The counter goes back in a failover to a lagging replica; with the time in it, an id is never used twice.
  local job = 'drain-' .. redis.sha1hex(session .. stamp):sub(1, 12) .. '-' .. redis.call('INCR', 'tg:jobs')
  local fields = rq_fields(cjson.encode({JOB_FUNCTION, cjson.null, {session}, EMPTY_OBJECT}), stamp)
  redis.call('HSET', RQ_JOB .. job, unpack(fields))
  if not queue_registered then redis.call('SADD', RQ_QUEUES, QUEUE) end
  queue_registered = true
  redis.call('RPUSH', QUEUE, job)
  redis.call('HSET', s, 'job', job)
  if stored[2] then redis.call('HDEL', s, 'hold') end
  redis.call('PERSIST', s)
  redis.call('ZADD', 'tg:due', now + GRACE_MS, session)
  return true
end

-- The session's job has left the queue; enqueue the next session of its account.
local function release_slot(session, account, now, stamp)
  if redis.call('ZREM', 'tg:ready:' .. account, session) == 0 or has_backlog[account] == false then return end
  local next_ = redis.call('ZPOPMIN', 'tg:backlog:' .. account)
  has_backlog[account] = next_[1] ~= nil
  if next_[1] then enqueue(next_[1], now, stamp) end
end

local valid_fences = {}  -- fencing tokens that this script run has checked, by session

-- Guarantee L5: only the newest fencing token, while its lease is valid, may write. A token is a number that grows and
-- the claimer's nonce: the number alone repeats after an erasure, a failover to a lagging replica or a restored backup.
local function lease_valid(session, fence, now)
  if valid_fences[session] == fence then return true end
  local stored = redis.call('HMGET', key(session), 'fence', 'nonce', 'lease')
  if not stored[3] or tonumber(stored[3]) <= now then return false end
  if (stored[1] or '') .. ':' .. (stored[2] or '') ~= fence then return false end
  valid_fences[session] = fence
  return true
end

-- Guarantees L10 and L13: the reason why a voice may not speak now and its code; nil when it may. Every rule about what
-- may leave (a service window, quiet hours) belongs here: say.lua asks when a message is queued, mark.lua before each send.
local function refusal_reason(owner, optout, voice)
  if optout == '1' then return 'the person opted out', 'opted_out' end
  if voice == 'bot' and (owner == 'human' or owner == 'closed') then
    return 'the session belongs to ' .. owner, owner == 'human' and 'person' or 'closed'
  end
end

-- The next timer of a session: its time and name, or nil.
local function next_timer(session)
  local names = {'inactivity', 'hand_off', 'undelivered'}
  local first, name = nil, nil
  for i, at in ipairs(redis.call('HMGET', key(session), unpack(names))) do
    at = tonumber(at or '')
    if at and (not first or at < first) then first, name = at, names[i] end
  end
  return first, name
end

-- Cancel timers: the contact wrote, or an agent acted.
local function clear_timers(session, ...)
  local fields = {}
  for _, name in ipairs({...}) do
    fields[#fields + 1] = name
    fields[#fields + 1] = ''
  end
  redis.call('HSET', key(session), unpack(fields))
end

-- A reply never reached the contact. Schedules the timer that informs the dialog, except for replies to that timer,
-- which would loop. A failed hand-off message ends the hand-off. Returns whether a timer was scheduled.
local function schedule_undelivered(session, reply, now, failure)
  if reply:sub(-6) == '.close' or reply:sub(1, 6) == 'agent-' or reply:sub(1, 4) == 'own-' or reply:sub(1, 12) == 'undelivered-' then
    return false
  end
  if redis.call('HEXISTS', key(session), 'address') == 0 then return false end  -- erased meanwhile
  local timer = reply:sub(-9) == '.hand_off' and 'hand_off' or 'undelivered'
  redis.call('HSET', key(session), timer, now, 'undelivered_as', failure or 'permanent')
  return true
end

-- Restart a conversation that was inactive for too long.
local function expire_conversation(session, fields, now)
  if fields[3] and fields[11] and tonumber(fields[11]) <= now then
    redis.call('HDEL', key(session), 'state', 'expires')
    fields[3] = false
    log_entry(session, 'expired', '{}')
  end
end

local MAX_STARTED_LENGTH, MAX_LEASE_FACTOR = 500, 10

-- Suspicion (guarantee L9): `started` lists the tokens of the workers that started the first turn and did not report
-- back. Each stands for a death, unless its worker is alive after all and says so (survived.lua).
local function record_start(session, fence, started)
  if #started > MAX_STARTED_LENGTH or (' ' .. started .. ' '):find(' ' .. fence .. ' ', 1, true) then return end
  redis.call('HSET', key(session), 'started', started == '' and fence or started .. ' ' .. fence)
end

local function clear_start(session, fence)
  local started, others = redis.call('HGET', key(session), 'started') or '', {}
  if started == '' then return end
  for token in started:gmatch('%S+') do
    if token ~= fence then others[#others + 1] = token end
  end
  redis.call('HSET', key(session), 'started', table.concat(others, ' '))
end

-- The number of deaths so far: the started tokens, without the holder's own.
local function count_deaths(started, fence)
  local deaths = 0
  for token in started:gmatch('%S+') do
    if token ~= fence then deaths = deaths + 1 end
  end
  return deaths
end

-- The age of a reply counts from its time in the outbox, which begins its JSON (guarantee L14).
local function stamp_reply(reply, now)
  return '{"committed_at_ms":' .. string.format('%d', now) .. ',' .. reply:sub(2)
end

-- An earlier release stored replies without a time: their age counts from the first look at them.
local function stamp_first_reply(session, outbox, now)
  local first = outbox[1]
  if not first or first:sub(1, 2) ~= '{"' or first:find('"committed_at_ms":', 1, true) then return end
  outbox[1] = stamp_reply(first, now)
  redis.call('LSET', key(session, ':out'), 0, outbox[1])
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

-- The session as its lease holder sees it: one turn, or all that may be merged into one. Reading a waiting turn while
-- the outbox is empty starts it. A burst that may still grow is not returned; an expired timer is
-- returned only when there is nothing else.
local function read_view(session, now, fence, is_restart)
  local s = key(session)
  local outbox = redis.call('LRANGE', key(session, ':out'), 0, 9)
  local fields = redis.call('HMGET', s, 'owner', 'optout', 'state', 'tries', 'waits', 'marked', 'marked_at',
    'overflow', 'gather', 'quiet', 'expires', 'started')
  local started = fields[12] or ''
  fields[12] = count_deaths(started, fence)
  local turns = {}
  if #outbox == 0 and tonumber(fields[10] or 0) <= now then
    turns = redis.call('LRANGE', key(session, ':mail'), 0, fields[9] == '1' and BURST_LENGTH - 1 or 0)
    if fields[10] then redis.call('HDEL', s, 'burst', 'quiet') end
  end
  local fired_timer = {}
  if #turns > 0 then
    expire_conversation(session, fields, now)
    if not is_restart then
      record_start(session, fence, started)
      log_entry(session, 'claimed', cjson.encode({turn = cjson.decode(turns[1]).id, fence = fence}))
    end
  elseif #outbox == 0 then
    local at, name = next_timer(session)
    if at and at <= now then
      record_start(session, fence, started)
      local fired = redis.call('HMGET', s, 'address', 'undelivered_as')
      fired_timer = {name, fired[1], at, name == 'undelivered' and fired[2] or ''}
    end
  end
  local recent = {}
  if fields[6] then recent = redis.call('LRANGE', key(session, ':recent'), 0, -1) end
  stamp_first_reply(session, outbox, now)
  return {fields, turns, outbox, recent, fired_timer, now}
end

-- A worker that was paused, or without the server, for longer than the lease gets a longer one the next time.
local function lease_length(losses)
  return LEASE_MS * math.min(1 + tonumber(losses or 0), MAX_LEASE_FACTOR)
end

-- Guarantee L5: acquire the lease with a new fencing token, unless it is held. Returns {fence, milliseconds, view} or nil.
-- With `isolation` a suspect is not started: in place of the view there is its level of suspicion; with 'all' no session is.
local function acquire_lease(session, now, stamp, nonce, isolation)
  local s = key(session)
  local stored = redis.call('HMGET', s, 'lease', 'account', 'fence', 'hold', 'started', 'losses')
  release_slot(session, stored[2] or '', now, stamp)
  if stored[1] and tonumber(stored[1]) > now then return nil end
  local number = tonumber(stored[3] or 0) + 1
  local fence = number .. ':' .. nonce
  local length = lease_length(stored[6])
  redis.call('HSET', s, 'fence', number, 'nonce', nonce, 'lease', now + length)
  if stored[4] then redis.call('HDEL', s, 'hold') end
  redis.call('ZADD', 'tg:due', now + length, session)
  local suspicion = isolation and math.max(count_deaths(stored[5] or '', fence), tonumber(stored[6] or 0))
  if isolation and (suspicion > 0 or isolation == 'all') then return {fence, length, suspicion} end
  return {fence, length, read_view(session, now, fence)}
end

local function clear_lease(session, ...)
  valid_fences[session] = nil
  redis.call('HDEL', key(session), 'lease', 'job', ...)
end

-- A session without work is kept for the retention time; an opt-out is kept for good.
local function start_retention(session)
  local s = key(session)
  if redis.call('HGET', s, 'optout') == '1' then redis.call('PERSIST', s) else redis.call('PEXPIRE', s, RETENTION_MS) end
  redis.call('PEXPIRE', key(session, ':log'), RETENTION_MS)
  redis.call('PEXPIRE', key(session, ':recent'), RETENTION_MS)
end

-- The same for an event that needs no job; while there is work, the end of that starts it.
local function start_retention_if_idle(session)
  if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then return end
  local stored = redis.call('HMGET', key(session), 'job', 'lease')
  if not stored[1] and not stored[2] then start_retention(session) end
end

-- Guarantee L8: release the lease and clear the job mark if no work is left, in one step. A burst that may still grow
-- and a running timer are left to the due index. Returns whether the lease was released.
local function release_or_stay(session, now)
  local s = key(session)
  if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then
    local quiet_until = tonumber(redis.call('HGET', s, 'quiet') or 0)
    if quiet_until <= now or redis.call('EXISTS', key(session, ':out')) > 0 then return false end
    clear_lease(session)
    redis.call('ZADD', 'tg:due', quiet_until, session)
    return true
  end
  local timer = next_timer(session)
  if timer and timer <= now then return false end
  clear_lease(session, 'hold', 'overflow', 'burst', 'quiet')
  if timer then redis.call('ZADD', 'tg:due', timer, session) else redis.call('ZREM', 'tg:due', session) end
  start_retention(session)
  return true
end

-- A field of a stored turn or reply; nil when this release cannot read it.
local function stored_field(item, field)
  local ok, value = pcall(cjson.decode, item or '')
  return ok and type(value) == 'table' and value[field] or nil
end

-- True if the outbox begins with this reply. An agent's reply, a proactive one and the bot's are appended by different
-- processes, so no script may assume which is the first.
local function is_next_reply(session, reply)
  return stored_field(redis.call('LINDEX', key(session, ':out'), 0), 'key') == reply
end

-- Guarantee L7: remove the named reply from the outbox; any other stays.
local function settle_reply(session, reply)
  if not is_next_reply(session, reply) then return end
  redis.call('LPOP', key(session, ':out'))
  redis.call('HDEL', key(session), 'marked', 'marked_at', 'waits', 'slot')
end

-- Guarantee L9: a turn or reply that was given up is stored with its reason.
local function add_dead_letter(session, letter)
  redis.call('XADD', 'tg:dead', 'MAXLEN', '~', DEAD_LENGTH, '*', 'session', session, 'letter', letter)
  count('dead')
end

-- The kept reply of a sent message: its time, how often it was sent again, and its JSON without these and its key.
local function find_kept(session, id)
  local kept = redis.call('HGET', key(session, ':kept'), id)
  if not kept then return nil end
  local at, resends, rest = kept:match('^(%d+) (%d+) (.*)$')
  return {at = tonumber(at), resends = tonumber(resends), rest = rest}
end

-- Keep a sent reply until its fate is known, or it is too old, or others of its session are newer.
local function keep_reply(session, id, reply)
  local kept = key(session, ':kept')
  redis.call('HSET', kept, id, reply)
  redis.call('PEXPIRE', kept, REPLY_MS)
  if redis.call('HLEN', kept) <= KEPT_LENGTH then return end
  local newest = {}
  for _, each in ipairs(redis.call('LRANGE', key(session, ':recent'), 0, KEPT_LENGTH - 1)) do newest[each] = true end
  for _, each in ipairs(redis.call('HKEYS', kept)) do
    if not newest[each] then redis.call('HDEL', kept, each) end
  end
end

-- Schedule a resend of a message. Returns the milliseconds until then, or nil and the reason why there is none.
local function schedule_resend(message, kept, pause, now)
  if not kept then return nil, 'it is not kept any more' end
  if kept.resends >= MAX_RESENDS then return nil, 'gave up after ' .. MAX_RESENDS .. ' resends' end
  local wait = math.max(pause, RESEND_MS * 4 ^ kept.resends)
  if kept.at > 0 and now + wait >= kept.at + REPLY_MS then return nil, 'it would be too old to be sent again' end
  redis.call('ZADD', 'tg:resends', now + wait, message)
  return wait
end

-- Guarantee L14: a failure that a status reports is settled as the same answer of the API would be. `message` is the key
-- of a sent message. Returns whether the session has work now.
local function settle_failed_status(message, now)
  local stored = redis.call('HMGET', message, 'session', 'reply', 'account', 'entry', 'failure', 'pause')
  local session, reply, failure = stored[1], stored[2], stored[5] or 'permanent'
  local report = cjson.decode(stored[4])
  if failure == 'account' and stored[3] then
    redis.call('HSET', 'tg:alarms', stored[3], cjson.encode({code = report.code, reason = report.error, at_ms = now}))
  end
  if redis.call('HEXISTS', key(session), 'address') == 0 then return false end  -- erased meanwhile
  local kept, why = find_kept(session, report.id), nil
  if failure == 'temporary' then
    local wait
    wait, why = schedule_resend(message, kept, tonumber(stored[6] or 0), now)
    if wait then
      log_entry(session, 'resending', cjson.encode({id = report.id, code = report.code, seconds = wait / 1000}))
      count('resent')
      return false
    end
  end
  redis.call('HDEL', key(session, ':kept'), report.id)
  if failure == 'opted_out' then
    redis.call('HSET', key(session), 'optout', '1')
    redis.call('PERSIST', key(session))
    log_entry(session, 'control', cjson.encode({act = 'opt_out', owner = '', actor = 'status ' .. report.code, at = 0}))
    return false
  end
  local reason = 'status ' .. (report.code ~= '' and report.code .. ': ' or '') .. report.error
  if why then reason = why .. ': ' .. reason end
  local letter = cjson.encode({reason = reason, code = report.code, failure = failure, id = report.id})
  if kept then
    local whole = '{"key":' .. cjson.encode(reply) .. ',' .. kept.rest:sub(2)
    letter = letter:sub(1, -2) .. ',"reply":' .. whole .. '}'
  end
  add_dead_letter(session, letter)
  return schedule_undelivered(session, reply, now, failure)
end
