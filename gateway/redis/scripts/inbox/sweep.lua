-- Guarantees L8 and L14: check overdue sessions and resends. ARGV: stamp, the maximum number of sessions.
-- Returns {checked, enqueued, given up (resends that became dead letters)}. RQ's queue is first in, first out and our job ids are numbered in order,
-- so a job is still queued only if its number is not below that of the queue's head.
local now, stamp = clock(), ARGV[1]
local head = redis.call('LINDEX', QUEUE, 0)
local head_number = head and tonumber(head:match('^drain%-%x+%-(%d+)$'))

local function is_queued(job)
  if not head then return false end
  if head_number then return tonumber(job:match('(%d+)$')) >= head_number end
  return redis.call('LPOS', QUEUE, job) ~= false  -- the job at the head is not ours
end

-- A job that its queue has lost is not deleted by who runs it. One that is only late is not needed for so long.
local function let_expire(job)
  if job then redis.call('PEXPIRE', RQ_JOB .. job, DEDUP_MS) end
end

-- True when there is no work, including expired timers.
local function has_no_work(session)
  if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then return false end
  local timer = next_timer(session)
  return not timer or timer > now
end

if DEAD_MS > 0 then
  for _, stream in ipairs({'tg:dead', 'tg:hook_dead'}) do
    redis.call('XTRIM', stream, 'MINID', string.format('%d', now - DEAD_MS))
  end
end

local given_up = 0

-- Put sent replies that a status reported as not delivered back into their outboxes.
for _, message in ipairs(redis.call('ZRANGEBYSCORE', 'tg:resends', '-inf', now, 'LIMIT', 0, ARGV[2])) do
  local stored = redis.call('HMGET', message, 'session', 'reply', 'entry')
  local id = stored[3] and cjson.decode(stored[3]).id
  local kept = stored[1] and find_kept(stored[1], id)
  if kept then
    send_again(stored[1], stored[2], id, kept, '')
    enqueue(stored[1], now, stamp)
  elseif stored[1] and redis.call('EXISTS', key(stored[1])) == 1 then  -- newer replies have displaced it
    add_dead_letter(stored[1], cjson.encode({reason = 'not delivered, and not kept long enough to be sent again', id = id}))
    count_broadcast(stored[2], 'failed')
    given_up = given_up + 1
    if schedule_undelivered(stored[1], stored[2], now, 'temporary') then enqueue(stored[1], now, stamp) end
  end
  redis.call('ZREM', 'tg:resends', message)
end

local due = redis.call('ZRANGEBYSCORE', 'tg:due', '-inf', now, 'LIMIT', 0, ARGV[2])
local enqueued = 0
for _, session in ipairs(due) do
  local s = key(session)
  local stored = redis.call('HMGET', s, 'lease', 'job', 'account')
  if stored[1] and tonumber(stored[1]) > now then
    redis.call('ZADD', 'tg:due', stored[1], session)
  elseif has_no_work(session) then
    let_expire(stored[2])
    clear_lease(session)
    release_slot(session, stored[3] or '', now, stamp)
    end_wait(session)
    start_retention(session)
    local timer = next_timer(session)
    if timer then redis.call('ZADD', 'tg:due', timer, session) else redis.call('ZREM', 'tg:due', session) end
  elseif stored[2] and is_queued(stored[2]) then
    redis.call('ZADD', 'tg:due', now + GRACE_MS, session)
  else
    let_expire(stored[2])
    clear_lease(session, 'hold')
    if enqueue(session, now, stamp) then
      enqueued = enqueued + 1
      count('swept')
    end
  end
end
return {#due, enqueued, given_up}
