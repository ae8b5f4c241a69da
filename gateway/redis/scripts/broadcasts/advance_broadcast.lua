-- Take the right to process a broadcast's rows, renew it, give it back, or record outcomes. ARGV: name, token, milliseconds
-- of the right (0 gives it back), then for outcomes: number of the first row, how many of them are queued, and the outcome
-- of each row (JSON). Returns {next row, messages that wait in outboxes}, or nil if another process has the right or the
-- broadcast does not run. A process that has lost the right records nothing: the next one repeats its rows, and the
-- sessions' keys keep any contact from getting two messages.
local name, token, now = ARGV[1], ARGV[2], clock()
local broadcast = 'tg:broadcast:' .. name
local stored = redis.call('HMGET', broadcast, 'state', 'holder', 'held_until', 'processed', 'total')
local is_held = stored[3] and tonumber(stored[3]) > now
if is_held and stored[2] ~= token then return nil end
if ARGV[3] == '0' then
  redis.call('HDEL', broadcast, 'holder', 'held_until')
  return nil
end
local processed = tonumber(stored[4] or 0)
local count = math.max(#ARGV - 5, 0)
if count > 0 then
  if not is_held or processed ~= tonumber(ARGV[4]) then return nil end
  local outcomes = 'tg:broadcast_outcomes:' .. name
  for i = 1, count do redis.call('HSET', outcomes, processed + i - 1, ARGV[5 + i]) end
  redis.call('PEXPIRE', outcomes, RETENTION_MS)
  local step = math.max(math.floor(tonumber(stored[5]) / 10), 1)
  local is_told = math.floor((processed + count) / step) > math.floor(processed / step)
  processed = processed + count
  redis.call('HSET', broadcast, 'processed', processed)
  redis.call('HINCRBY', broadcast, 'queued', ARGV[5])
  redis.call('HINCRBY', broadcast, 'skipped', count - tonumber(ARGV[5]))
  if is_told and processed < tonumber(stored[5]) then tell_progress(name) end
end
if stored[1] == 'running' and processed >= tonumber(stored[5]) then
  redis.call('HSET', broadcast, 'state', 'finished', 'ended_ms', now)
  redis.call('HDEL', broadcast, 'holder', 'held_until')
  redis.call('SREM', 'tg:broadcasts_running', name)
  tell_progress(name)
  return nil
end
if stored[1] ~= 'running' then return nil end
redis.call('HSET', broadcast, 'holder', token, 'held_until', now + tonumber(ARGV[3]))
return {processed, count_waiting(broadcast)}
