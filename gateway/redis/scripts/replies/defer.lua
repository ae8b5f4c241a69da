-- Quiet hours have begun: move the next reply with the other parts of its message from the outbox to the schedule, where it
-- blocks nobody. ARGV: session, fence, reply key, when it is due, the reason. A message of which a part has left is
-- finished. Returns 1, 0 (it stays, and may be sent), 2 (another reply is before it), or nil when the lease is lost.
local session, now = ARGV[1], clock()
if not lease_valid(session, ARGV[2], now) then return nil end
if not is_next_reply(session, ARGV[3]) then return 2 end
local id, part = ARGV[3]:match('^(.*)%.(%d+)$')
if not id or redis.call('EXISTS', proactive_record(session, id)) == 0 then id, part = ARGV[3], nil end
if part and part ~= '1' then return 0 end

local function belongs(name)
  return name == id or part and name and name:sub(1, #id + 1) == id .. '.' and name:sub(#id + 2):find('^%d+$') ~= nil
end

local waiting, moved = redis.call('LRANGE', key(session, ':out'), 0, -1), {}
settle_reply(session, ARGV[3])
moved[1] = waiting[1]
for i = 2, #waiting do
  if not belongs(stored_field(waiting[i], 'key')) then break end
  moved[i] = waiting[i]
  redis.call('LPOP', key(session, ':out'))
end
local message = cjson.encode({session = session, key = id, replies = moved})
local digest = redis.call('HGET', proactive_record(session, id), 'digest') or ''
add_to_schedule(session, id, tonumber(ARGV[4]), digest, message, ARGV[5])
count('deferred')
return 1
