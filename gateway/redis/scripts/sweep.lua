-- Law L8: look at sessions that are overdue. ARGV: stamp, how many at most.
-- Returns {looked at, enqueued}. RQ's queue is first in, first out and our job ids are numbered in order,
-- so a job is still waiting only if its number is not below that of the queue's head.
local now, stamp = clock(), ARGV[1]
local head = redis.call('LINDEX', QUEUE, 0)
local head_number = head and tonumber(head:match('^drain%-%x+%-(%d+)$'))

local function waits_in_queue(job)
  if not head then return false end
  if head_number then return tonumber(job:match('(%d+)$')) >= head_number end
  return redis.call('LPOS', QUEUE, job) ~= false  -- a job that is not ours stands at the head
end

-- Whether there is nothing to do, not even for a timer.
local function rests(session)
  if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then return false end
  local timer = next_timer(session)
  return not timer or timer > now
end

local due = redis.call('ZRANGEBYSCORE', 'tg:due', '-inf', now, 'LIMIT', 0, ARGV[2])
local enqueued = 0
for _, session in ipairs(due) do
  local s = key(session)
  local marks = redis.call('HMGET', s, 'lease', 'job', 'account')
  if marks[1] and tonumber(marks[1]) > now then
    redis.call('ZADD', 'tg:due', marks[1], session)
  elseif rests(session) then
    unhold(session)
    make_room(session, marks[3] or '', now, stamp)
    local timer = next_timer(session)
    if timer then redis.call('ZADD', 'tg:due', timer, session) else redis.call('ZREM', 'tg:due', session) end
  elseif marks[2] and waits_in_queue(marks[2]) then
    redis.call('ZADD', 'tg:due', now + GRACE_MS, session)
  else
    unhold(session, 'hold')
    if wake(session, now, stamp) then
      enqueued = enqueued + 1
      count('swept')
    end
  end
end
return {#due, enqueued}
