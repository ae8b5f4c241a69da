-- Law L8: find nothing left and clear the job mark in one step, or say that there is more. A burst that may still
-- grow and a timer that still runs are left to the due index. ARGV: session, fence. Returns 1 (released), 0 (more to do), or nil when the lease
-- is lost.
local session, now = ARGV[1], clock()
local s = key(session)
if not holds(session, ARGV[2], now) then return nil end
if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then
  local quiet = tonumber(redis.call('HGET', s, 'quiet') or 0)
  if quiet <= now or redis.call('EXISTS', key(session, ':out')) > 0 then return 0 end
  unhold(session)
  redis.call('ZADD', 'tg:due', quiet, session)
  return 1
end
local timer = next_timer(session)
if timer and timer <= now then return 0 end
unhold(session)
redis.call('HDEL', s, 'hold', 'overflow', 'burst', 'quiet')
if timer then redis.call('ZADD', 'tg:due', timer, session) else redis.call('ZREM', 'tg:due', session) end
if redis.call('HGET', s, 'optout') ~= '1' then redis.call('PEXPIRE', s, RETENTION_MS) end
redis.call('PEXPIRE', key(session, ':log'), RETENTION_MS)
redis.call('PEXPIRE', key(session, ':recent'), RETENTION_MS)
return 1
