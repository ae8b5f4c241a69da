-- Take scheduled messages that are due; what is not settled is taken again after a while. ARGV: how many at most.
-- Returns them as JSON.
local now, messages = clock(), {}

-- True if the contact wrote, or an agent acted, since the reminder was made, perhaps in the session that has been joined with
-- this one. Whatever else came does not answer it.
local function is_answered(session, since)
  if not since then return false end
  for _, each in ipairs({session, present_session(session)}) do
    if tonumber(redis.call('HGET', key(each), 'heard') or 0) > tonumber(since) then return true end
  end
  return false
end

for _, member in ipairs(redis.call('ZRANGEBYSCORE', 'tg:schedule', '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local name = cjson.decode(member)
  local record = scheduled_record(name[1], name[2])
  local stored = redis.call('HMGET', record, 'message', 'since')
  local message = stored[1]
  if message and is_answered(name[1], stored[2]) then
    cancel_scheduled(name[1], name[2], 'answered')
    start_retention_if_idle(name[1])
  elseif message then
    redis.call('HSET', record, 'state', 'releasing')
    redis.call('ZADD', 'tg:schedule', now + SCHEDULE_RETRY_MS, member)
    messages[#messages + 1] = message
  else
    redis.call('ZREM', 'tg:schedule', member)
  end
end
return messages
