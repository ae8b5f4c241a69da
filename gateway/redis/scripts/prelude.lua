-- Put in front of every script, after the constants that gateway/redis/lua.py writes.
--
-- Keys of one session share a hash tag:
--   tg:{s}        hash    owner optout state address account | fence lease | job hold | tries waits marked marked_at slot
--                         gather burst quiet overflow | inactivity hand_off undelivered expires lapses acted wrote
--   tg:{s}:mail   list    accepted turns, not yet committed
--   tg:{s}:out    list    committed replies, not yet settled
--   tg:{s}:seen   zset    provider ids of what came in, by time
--   tg:{s}:recent list    provider ids of what went out
--   tg:{s}:log    stream  everything that happened
-- and, for all sessions:
--   tg:due        zset    session by the time at which a sweeper must look at it
--   tg:ready:*    zset    an account's sessions that have a job in the queue, by the time of its push
--   tg:backlog:*  zset    those that wait until fewer of their account have one
--   tg:message:*  hash    a sent message's status by the provider's id
--   tg:counts     hash    counters
--   tg:dead       stream  dead letters
--   tg:desk       zset    session that waits for a person or has one, by the time of the last change
--   tg:paused     zset    accounts that are not sent to, by the time at which one send may try again
--   tg:failures   hash    failed sends in a row, by account
--   tg:pace:*     string  the time at which a number or an account has caught up with its sends
--
-- A server out of memory refuses a script only at its first write, never between two; so no script is half
-- done, and accept.lua begins with a write that is refused then (ZADD), not with one that would pass (ZREM…).

-- In milliseconds. A script's time stands still, so it is asked for once.
local moment
local function clock()
  if not moment then
    local time = redis.call('TIME')
    moment = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return moment
end

local function key(session, part)
  return 'tg:{' .. session .. '}' .. (part or '')
end

local function note(session, kind, entry)
  redis.call('XADD', key(session, ':log'), 'MAXLEN', '~', LOG_LENGTH, '*', 'k', kind, 'd', entry)
end

-- What names a session, with a note about it (gateway/redis/connection/notifications.py); a message may hold several.
local function hint(session, about)
  about = about or ''
  return #session .. ' ' .. #about .. ' ' .. session .. about
end

local told, counted = {}, {}

-- A turn or one of its replies came to its end; somebody may wait for it. With `about` they need not look for it.
local function tell(session, about)
  if session:sub(1, 4) == 'web:' then told[#told + 1] = hint(session, about) end
end

local function count(name)
  counted[name] = (counted[name] or 0) + 1
end

-- At a script's end: what was told and counted, once for all of its sessions.
local function write_down()
  for name, times in pairs(counted) do redis.call('HINCRBY', 'tg:counts', name, times) end
  if #told > 0 then redis.call('PUBLISH', 'tg:told', table.concat(told)) end
end

-- Law L10: `owner` speaks from now on. With `lapses` the bot may speak again when the person who waits or speaks for
-- the business has not been heard of for so long; without, only somebody's act gives the session back.
local function own(session, owner, now, lapses)
  local s = key(session)
  redis.call('HSET', s, 'owner', owner)
  redis.call('HDEL', s, 'lapses')
  if owner == 'waiting' or owner == 'human' then
    redis.call('ZADD', 'tg:desk', now, session)
    redis.call('ZREMRANGEBYSCORE', 'tg:desk', '-inf', now - RETENTION_MS)
    if lapses and LAPSE_MS > 0 then redis.call('HSET', s, 'lapses', now + LAPSE_MS) end
  else
    redis.call('ZREM', 'tg:desk', session)
  end
end

local has_backlog = {}  -- as far as this script knows

-- An account has only so many jobs in the queue, so that another's first one does not stand behind thousands.
local function has_room(session, account, now)
  local ready = 'tg:ready:' .. account
  if redis.call('ZCARD', ready) >= SHARE and not redis.call('ZSCORE', ready, session) then
    redis.call('ZADD', 'tg:backlog:' .. account, 'NX', now, session)
    redis.call('ZADD', 'tg:due', now + BACKLOG_MS, session)
    has_backlog[account] = true
    return false
  end
  redis.call('ZADD', ready, now, session)
  return true
end

local is_listed = false  -- RQ's list of queues has ours

-- Enqueue a drain unless one is on its way or the session is held back until later: `hold` after a failure,
-- `quiet` while a burst of messages may still grow. Returns whether it was enqueued.
-- The job's data is stored as plain JSON: RQ reads uncompressed data as well as compressed.
local function wake(session, now, stamp)
  local s = key(session)
  local marks = redis.call('HMGET', s, 'job', 'hold', 'quiet', 'account')
  if marks[1] then return false end
  local later = math.max(tonumber(marks[2] or 0), tonumber(marks[3] or 0))
  if later > now then
    redis.call('ZADD', 'tg:due', later, session)
    return false
  end
  if not has_room(session, marks[4] or '', now) then return false end
  local job = 'drain-' .. redis.sha1hex(session):sub(1, 12) .. '-' .. redis.call('INCR', 'tg:jobs')
  local fields = rq_fields(cjson.encode({DRAIN, cjson.null, {session}, EMPTY_OBJECT}), stamp)
  redis.call('HSET', 'rq:job:' .. job, unpack(fields))
  if not is_listed then redis.call('SADD', 'rq:queues', QUEUE) end
  is_listed = true
  redis.call('RPUSH', QUEUE, job)
  redis.call('HSET', s, 'job', job)
  if marks[2] then redis.call('HDEL', s, 'hold') end
  redis.call('PERSIST', s)
  redis.call('ZADD', 'tg:due', now + GRACE_MS, session)
  return true
end

-- The session's job has left the queue; the next one of its account may come.
local function make_room(session, account, now, stamp)
  if redis.call('ZREM', 'tg:ready:' .. account, session) == 0 or has_backlog[account] == false then return end
  local next_ = redis.call('ZPOPMIN', 'tg:backlog:' .. account)
  has_backlog[account] = next_[1] ~= nil
  if next_[1] then wake(next_[1], now, stamp) end
end

local held = {}  -- the fence by which a session is held, once this script has seen it

-- Law L5: only the newest fence, and only while its lease lasts, may write.
local function holds(session, fence, now)
  if held[session] == fence then return true end
  local marks = redis.call('HMGET', key(session), 'fence', 'lease')
  if marks[1] ~= fence or not marks[2] or tonumber(marks[2]) <= now then return false end
  held[session] = fence
  return true
end

-- Law L10: why a voice may not speak now; nil when it may.
local function silenced(owner, optout, voice)
  if optout == '1' then return 'the person opted out' end
  if voice == 'bot' and (owner == 'human' or owner == 'closed') then return 'the session belongs to ' .. owner end
end

-- The next timer of a session by its time and name; nil when none runs.
local function next_timer(session)
  local names = {'inactivity', 'hand_off', 'undelivered'}
  local first, name = nil, nil
  for i, at in ipairs(redis.call('HMGET', key(session), unpack(names))) do
    at = tonumber(at or '')
    if at and (not first or at < first) then first, name = at, names[i] end
  end
  return first, name
end

-- Timers are for what happens without a message of the user's or an act of the business's.
local function cancel(session, ...)
  local fields = {}
  for _, name in ipairs({...}) do
    fields[#fields + 1] = name
    fields[#fields + 1] = ''
  end
  redis.call('HSET', key(session), unpack(fields))
end

-- A reply never reached the person. The dialog is told, but not of its answer to such news, which would go on for
-- ever; when it was the hand-off that failed, nobody will come. Returns whether there is something to do now.
local function undelivered(session, reply, now)
  if reply:sub(-6) == '.close' or reply:sub(1, 6) == 'agent-' or reply:sub(1, 4) == 'own-' or reply:sub(1, 12) == 'undelivered-' then
    return false
  end
  if redis.call('HEXISTS', key(session), 'address') == 0 then return false end  -- forgotten meanwhile
  redis.call('HSET', key(session), reply:sub(-9) == '.hand_off' and 'hand_off' or 'undelivered', now)
  return true
end

-- A conversation that rested for too long begins anew.
local function expire(session, fields, now)
  if fields[3] and fields[11] and tonumber(fields[11]) <= now then
    redis.call('HDEL', key(session), 'state', 'expires')
    fields[3] = false
    note(session, 'expired', '{}')
  end
end

-- What the holder sees: one turn, or as many as may be gathered into one. Looking at a waiting turn with nothing
-- left to send begins it: that is one try. A burst that may still grow is not shown, a timer that has run out is when
-- there is nothing else.
local function view(session, now, again)
  local s = key(session)
  local outbox = redis.call('LRANGE', key(session, ':out'), 0, 9)
  local fields = redis.call('HMGET', s, 'owner', 'optout', 'state', 'tries', 'waits', 'marked', 'marked_at',
    'overflow', 'gather', 'quiet', 'expires')
  local turns = {}
  if #outbox == 0 and tonumber(fields[10] or 0) <= now then
    turns = redis.call('LRANGE', key(session, ':mail'), 0, fields[9] == '1' and BURST_LENGTH - 1 or 0)
    if fields[10] then redis.call('HDEL', s, 'burst', 'quiet') end
  end
  local fired = {}
  if #turns > 0 then
    expire(session, fields, now)
    if not again then
      fields[4] = redis.call('HINCRBY', s, 'tries', 1)
      note(session, 'claimed', cjson.encode({turn = cjson.decode(turns[1]).id}))
    end
  elseif #outbox == 0 then
    local at, name = next_timer(session)
    if at and at <= now then
      fields[4] = redis.call('HINCRBY', s, 'tries', 1)
      fired = {name, redis.call('HGET', s, 'address'), at}
    end
  end
  local recent = {}
  if fields[6] then recent = redis.call('LRANGE', key(session, ':recent'), 0, -1) end
  return {fields, turns, outbox, recent, fired}
end

-- Law L5: take the lease with a new fence, unless it is held. Returns {fence, view} or nil.
local function claim(session, now, stamp)
  local s = key(session)
  local marks = redis.call('HMGET', s, 'lease', 'account', 'fence', 'hold')
  make_room(session, marks[2] or '', now, stamp)
  if marks[1] and tonumber(marks[1]) > now then return nil end
  local fence = tonumber(marks[3] or 0) + 1
  redis.call('HSET', s, 'fence', fence, 'lease', now + LEASE_MS)
  if marks[4] then redis.call('HDEL', s, 'hold') end
  redis.call('ZADD', 'tg:due', now + LEASE_MS, session)
  return {fence, view(session, now)}
end

local function unhold(session, ...)
  held[session] = nil
  redis.call('HDEL', key(session), 'lease', 'job', ...)
end

-- Law L8: find nothing left and clear the job mark in one step, or see that there is more. A burst that may still grow
-- and a timer that still runs are left to the due index. Returns whether the lease was given back.
local function leave(session, now)
  local s = key(session)
  if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then
    local quiet = tonumber(redis.call('HGET', s, 'quiet') or 0)
    if quiet <= now or redis.call('EXISTS', key(session, ':out')) > 0 then return false end
    unhold(session)
    redis.call('ZADD', 'tg:due', quiet, session)
    return true
  end
  local timer = next_timer(session)
  if timer and timer <= now then return false end
  unhold(session, 'hold', 'overflow', 'burst', 'quiet')
  if timer then redis.call('ZADD', 'tg:due', timer, session) else redis.call('ZREM', 'tg:due', session) end
  if redis.call('HGET', s, 'optout') ~= '1' then redis.call('PEXPIRE', s, RETENTION_MS) end
  redis.call('PEXPIRE', key(session, ':log'), RETENTION_MS)
  redis.call('PEXPIRE', key(session, ':recent'), RETENTION_MS)
  return true
end

local function settle(session)
  redis.call('LPOP', key(session, ':out'))
  redis.call('HDEL', key(session), 'marked', 'marked_at', 'waits', 'slot')
end

-- Law L9: what was given up is kept with its reason.
local function set_aside(session, letter)
  redis.call('XADD', 'tg:dead', 'MAXLEN', '~', DEAD_LENGTH, '*', 'session', session, 'letter', letter)
  count('dead')
end
