-- Take scheduled messages that are due; what is not settled is taken again after a while. ARGV: how many at most.
-- Returns them as JSON.
local now, messages = clock(), {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', 'tg:schedule', '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local name = cjson.decode(member)
  local record = scheduled_record(name[1], name[2])
  local message = redis.call('HGET', record, 'message')
  if message then
    redis.call('HSET', record, 'state', 'releasing')
    redis.call('ZADD', 'tg:schedule', now + SCHEDULE_RETRY_MS, member)
    messages[#messages + 1] = message
  else
    redis.call('ZREM', 'tg:schedule', member)
  end
end
return messages
