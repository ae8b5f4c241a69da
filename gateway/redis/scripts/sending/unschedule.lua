-- Cancel a scheduled message. ARGV: session, key. Returns cancelled, too_late (its send has begun) or unknown_message.
local session, id = ARGV[1], ARGV[2]
local record = scheduled_record(session, id)
local state = redis.call('HGET', record, 'state')
if state == 'cancelled' then return 'cancelled' end
if state ~= 'waiting' then
  return (state or redis.call('EXISTS', proactive_record(session, id)) == 1) and 'too_late' or 'unknown_message'
end
cancel_scheduled(session, id, 'cancelled')
start_retention_if_idle(session)
return 'cancelled'
