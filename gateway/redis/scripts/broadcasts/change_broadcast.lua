-- Change a broadcast's state. ARGV: name, state before, state after, and for one that was stored the token of its start.
-- Returns whether it is the one after now (1 or 0), or 2 if recipients are missing: another server was promoted while they were
-- stored.
local broadcast, running = 'tg:broadcast:' .. ARGV[1], 'tg:broadcasts_running'
local state = redis.call('HGET', broadcast, 'state')
if state == ARGV[3] then return 1 end
if state ~= ARGV[2] then return 0 end
if ARGV[4] then
  local stored = redis.call('HMGET', broadcast, 'loader', 'total')
  if stored[1] ~= ARGV[4] then return 0 end
  if redis.call('LLEN', 'tg:broadcast_rows:' .. ARGV[1]) ~= tonumber(stored[2]) then return 2 end
end
redis.call('HSET', broadcast, 'state', ARGV[3])
for _, key in ipairs({broadcast, 'tg:broadcast_rows:' .. ARGV[1]}) do redis.call('PEXPIRE', key, RETENTION_MS) end
if ARGV[3] == 'running' then redis.call('SADD', running, ARGV[1]) else redis.call('SREM', running, ARGV[1]) end
if ARGV[3] == 'stopped' then redis.call('HSET', broadcast, 'ended_ms', clock()) end
tell_progress(ARGV[1])
return 1
