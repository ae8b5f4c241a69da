-- Return an event that was given up to its subscription, to be tried at once. ARGV: id of the dead letter, event id, event as
-- JSON. Returns replayed, gone (no such letter) or removed (no such subscription).
local stored = redis.call('XRANGE', 'tg:hook_dead', ARGV[1], ARGV[1])[1]
if not stored then return 'gone' end
local name
for i = 1, #stored[2], 2 do
  if stored[2][i] == 'hook' then name = stored[2][i + 1] end
end
if redis.call('HEXISTS', 'tg:hooks', name) == 0 then return 'removed' end
redis.call('ZADD', 'tg:hook:' .. name .. ':due', 1, ARGV[2])  -- at once; 0 is for those that were not tried
redis.call('HSET', 'tg:hook:' .. name .. ':waiting', ARGV[2], ARGV[3])
redis.call('XDEL', 'tg:hook_dead', ARGV[1])
count('hook:replayed')
return 'replayed'
