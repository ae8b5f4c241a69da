-- Delete the records of a session's proactive messages, and those that are scheduled. ARGV: session. Returns the number
-- of messages.
local session = ARGV[1]
local index = key(session, ':proactive')
local ids = redis.call('ZRANGE', index, 0, -1)
for _, id in ipairs(ids) do
  local newest = 'tg:proactive_session:' .. id
  if redis.call('GET', newest) == session then redis.call('DEL', newest) end
  redis.call('DEL', proactive_record(session, id))
end
redis.call('DEL', index)
local scheduled = redis.call('SMEMBERS', key(session, ':scheduled'))
for _, id in ipairs(scheduled) do
  local newest = 'tg:proactive_session:' .. id
  if redis.call('GET', newest) == session then redis.call('DEL', newest) end
  redis.call('DEL', scheduled_record(session, id))
  leave_schedule(session, id)
end
return #ids + #scheduled
