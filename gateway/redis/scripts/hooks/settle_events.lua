-- Record what became of the events that were taken. ARGV: name, token, lease in milliseconds, the new cursor ('' for the
-- old one), whether all that waits is tried at once (1 or ''), the number of fields of the state, these with their values, then
-- five for each event: id, outcome (delivered, waiting or dead), time of the next try, event as JSON, session. Returns 1, or
-- nil if the lease was lost: then the new holder delivers these events again, under the same ids.
local MAX_WAITING, MAX_DEAD = 1000, 10000
local state = 'tg:hook:' .. ARGV[1]
if redis.call('GET', state .. ':lease') ~= ARGV[2] then return nil end
redis.call('PEXPIRE', state .. ':lease', ARGV[3])
local field_count = tonumber(ARGV[6])
for i = 7, 5 + 2 * field_count, 2 do redis.call('HSET', state, ARGV[i], ARGV[i + 1]) end
if ARGV[4] ~= '' then redis.call('HSET', state, 'cursor', ARGV[4]) end

local function forget(id)
  redis.call('ZREM', state .. ':due', id)
  redis.call('HDEL', state .. ':waiting', id)
end

-- What was not tried is always kept: take_events.lua takes no more while there is such an event.
local function has_room(id, due)
  local others = redis.call('HLEN', state .. ':waiting') - redis.call('HEXISTS', state .. ':waiting', id)
  return due == '0' or others < MAX_WAITING
end

for i = 7 + 2 * field_count, #ARGV, 5 do
  local id, outcome, due, event, session = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  if outcome ~= 'delivered' and session ~= '' and redis.call('EXISTS', key(session)) == 0 then
    forget(id)  -- its contact was erased meanwhile
  elseif outcome == 'waiting' and has_room(id, due) then
    redis.call('ZADD', state .. ':due', due, id)
    redis.call('HSET', state .. ':waiting', id, event)
  else
    forget(id)
    if outcome ~= 'delivered' then
      redis.call('XADD', 'tg:hook_dead', 'MAXLEN', '~', MAX_DEAD, '*', 'hook', ARGV[1], 'session', session, 'event', event)
    end
    local counted = outcome == 'delivered' and 'delivered' or 'dead'
    redis.call('HINCRBY', state, counted, 1)
    count('hook:' .. counted)
  end
end
if ARGV[5] == '1' and redis.call('EXISTS', state .. ':due') == 1 then
  redis.call('ZUNIONSTORE', state .. ':due', 1, state .. ':due', 'WEIGHTS', 0)
end

-- What every subscription has taken is deleted. One that is disabled holds nothing back.
local function is_before(one, other)
  local ms, number = one:match('(%d+)-(%d+)')
  local other_ms, other_number = other:match('(%d+)-(%d+)')
  if ms ~= other_ms then return tonumber(ms) < tonumber(other_ms) end
  return tonumber(number) < tonumber(other_number)
end

if ARGV[4] == '' then return 1 end
local oldest
local hooks = redis.call('HGETALL', 'tg:hooks')
for i = 1, #hooks, 2 do
  local cursor = redis.call('HGET', 'tg:hook:' .. hooks[i], 'cursor') or '0-0'
  local is_active = cjson.decode(hooks[i + 1]).disabled == ''
  if is_active and (not oldest or is_before(cursor, oldest)) then oldest = cursor end
end
if oldest then redis.call('XTRIM', 'tg:events', 'MINID', oldest) end
return 1
