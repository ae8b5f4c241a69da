-- Take scheduled messages that are due; what is not settled is taken again after a while. ARGV: how many at most.
-- Returns them as JSON.
local now, messages = clock(), {}

-- True if the contact wrote, or an agent acted, since the reminder was made.
local function is_answered(session, since)
  return since and redis.call('ZCOUNT', key(session, ':seen'), '(' .. since, '+inf') > 0
end

for _, member in ipairs(redis.call('ZRANGEBYSCORE', 'tg:schedule', '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local name = cjson.decode(member)
  local record = scheduled_record(name[1], name[2])
  local stored = redis.call('HMGET', record, 'message', 'since')
  local message = stored[1]
  if message and is_answered(name[1], stored[2]) then
    cancel_scheduled(name[1], name[2], 'answered')
  elseif message then
    redis.call('HSET', record, 'state', 'releasing')
    redis.call('ZADD', 'tg:schedule', now + SCHEDULE_RETRY_MS, member)
    messages[#messages + 1] = message
  else
    redis.call('ZREM', 'tg:schedule', member)
  end
end
return messages
