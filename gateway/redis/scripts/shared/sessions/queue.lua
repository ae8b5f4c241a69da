-- RQ jobs of sessions, and fairness between accounts.

-- A provider may ask a reply to wait for a day. What comes meanwhile waits no longer than this, and then asks it once.
local MAX_SILENCE_MS = 3600000

local has_backlog = {}  -- cache for this script run

-- Sessions that have only messages of the business to send wait behind all others: their time in the backlog is later.
local BULK_DELAY_MS = 1e13

-- Fairness: an account has a bounded number of jobs in the queue, so others do not wait behind thousands. Sessions with
-- only messages of the business have fewer, so that answers do not wait behind a broadcast.
local function reserve_slot(session, account, now, is_bulk)
  local ready, limit = 'tg:ready:' .. account, is_bulk and MAX_BULK_JOBS_PER_ACCOUNT or MAX_JOBS_PER_ACCOUNT
  if redis.call('ZCARD', ready) >= limit and not redis.call('ZSCORE', ready, session) then
    redis.call('ZADD', 'tg:backlog:' .. account, 'LT', now + (is_bulk and BULK_DELAY_MS or 0), session)
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
-- The job's data is stored as plain JSON: RQ reads uncompressed data as well as compressed. `stored` are the fields that are
-- read otherwise.
local function enqueue(session, now, stamp, stored)
  local s = key(session)
  stored = stored or redis.call('HMGET', s, 'job', 'hold', 'quiet', 'account', 'bulk')
  if stored[1] then return false end
  local not_before = math.max(tonumber(stored[2] or 0), tonumber(stored[3] or 0))
  if not_before > now + MAX_SILENCE_MS then
    redis.call('ZADD', 'tg:due', 'LT', now + MAX_SILENCE_MS, session)
    return false
  elseif not_before > now then
    redis.call('ZADD', 'tg:due', not_before, session)
    return false
  end
  if not reserve_slot(session, stored[4] or '', now, stored[5] == '1') then return false end
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
  local backlog = 'tg:backlog:' .. account
  local next_ = redis.call('ZPOPMIN', backlog)
  has_backlog[account] = next_[1] ~= nil
  if not next_[1] then return end
  if tonumber(next_[2]) >= BULK_DELAY_MS and redis.call('ZCARD', 'tg:ready:' .. account) >= MAX_BULK_JOBS_PER_ACCOUNT then
    redis.call('ZADD', backlog, next_[2], next_[1])
  else
    enqueue(next_[1], now, stamp)
  end
end
