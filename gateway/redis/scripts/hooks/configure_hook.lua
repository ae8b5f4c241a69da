-- Add, change or remove a subscription, if it is still what the caller has read. ARGV: name, previous JSON ('' for none), new
-- JSON ('' to remove). Returns 1, or 0 if it has changed meanwhile. What subscriptions ask for is derived anew from all.
local name = ARGV[1]
if (redis.call('HGET', 'tg:hooks', name) or '') ~= ARGV[2] then return 0 end
local state = 'tg:hook:' .. name
if ARGV[3] == '' then
  redis.call('HDEL', 'tg:hooks', name)
  redis.call('DEL', state, state .. ':due', state .. ':waiting', state .. ':lease')
else
  redis.call('HSET', 'tg:hooks', name, ARGV[3])
  if ARGV[2] == '' then  -- it gets what happens from now on
    local last = redis.call('XREVRANGE', 'tg:events', '+', '-', 'COUNT', 1)
    redis.call('HSET', state, 'cursor', last[1] and last[1][1] or '0-0')
  end
end
redis.call('DEL', 'tg:hook_events')
for _, stored in ipairs(redis.call('HVALS', 'tg:hooks')) do
  local hook = cjson.decode(stored)
  if hook.disabled == '' then
    if #hook.events == 0 then redis.call('SADD', 'tg:hook_events', '*') end
    for _, kind in ipairs(hook.events) do redis.call('SADD', 'tg:hook_events', kind) end
    for _, part in ipairs(hook.include) do redis.call('SADD', 'tg:hook_events', '+' .. part) end
  end
end
if redis.call('EXISTS', 'tg:hook_events') == 0 then redis.call('DEL', 'tg:events') end
return 1
