-- Settle a scheduled message that was taken. ARGV: session, key, the code with which it was refused ('' when the session has
-- the message, or its refusal), the reason, the milliseconds after which it is tried again, and the time of that ('' when it is not).
local session, id = ARGV[1], ARGV[2]
local record = scheduled_record(session, id)
if redis.call('HGET', record, 'state') ~= 'releasing' then return end
if ARGV[5] ~= '' or ARGV[6] ~= '' then
  local due = tonumber(ARGV[6]) or clock() + tonumber(ARGV[5])
  redis.call('HSET', record, 'state', 'waiting', 'due', string.format('%d', due), 'reason', ARGV[4])
  redis.call('ZADD', 'tg:schedule', due, scheduled_member(session, id))
  return
end
leave_schedule(session, id)
if ARGV[3] == '' then
  redis.call('DEL', record)
  count_left(id, 'rejected')  -- the contact has got it in another session
else
  redis.call('HSET', record, 'state', 'refused', 'code', ARGV[3], 'reason', ARGV[4])
  redis.call('HDEL', record, 'message')
  count_left(id, 'refused')
  redis.call('PEXPIRE', record, DEDUP_MS)
end
