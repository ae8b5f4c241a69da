-- Measure what waits, for /metrics. ARGV: how many sessions are looked at, those that wait longest first. Returns the
-- time, since when the oldest waits (0: none does), how many sessions wait, then of those looked at the messages in
-- their mailboxes and the longest mailbox; workers that are alive.
local now = clock()
local waiting = redis.call('ZRANGE', 'tg:unanswered', 0, ARGV[1] - 1, 'WITHSCORES')
local oldest, messages, longest = 0, 0, 0
for i = 1, #waiting, 2 do
  local session = waiting[i]
  local length = redis.call('LLEN', key(session, ':mail'))
  if length > 0 or redis.call('EXISTS', key(session, ':out')) == 1 then
    if oldest == 0 then oldest = tonumber(waiting[i + 1]) end
    messages, longest = messages + length, math.max(longest, length)
  else
    end_wait(session)  -- an earlier release of Turngate answered it
  end
end
local workers = redis.call('ZCOUNT', 'tg:workers', now - WORKER_TIMEOUT_MS, '+inf')
for _, worker in ipairs(redis.call('SMEMBERS', WORKERS)) do  -- RQ's own workers do not announce themselves
  if not redis.call('ZSCORE', 'tg:workers', worker:sub(#RQ_WORKER + 1)) and redis.call('EXISTS', worker) == 1 then
    workers = workers + 1
  end
end
return {now, oldest, redis.call('ZCARD', 'tg:unanswered'), messages, longest, workers}
