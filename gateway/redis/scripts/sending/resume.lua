-- Put replies that were moved to the schedule back into the outbox, and settle them there, in one step. ARGV: stamp,
-- session, key, then the replies. The gate is asked before each is sent (mark.lua).
local now, session, id = clock(), ARGV[2], ARGV[3]
local record = scheduled_record(session, id)
if redis.call('HGET', record, 'state') ~= 'releasing' then return end
leave_schedule(session, id)
redis.call('DEL', record)
if redis.call('HEXISTS', key(session), 'address') == 0 then return end  -- erased meanwhile
for i = 4, #ARGV do
  local reply = ARGV[i]:gsub('^{"committed_at_ms":%d+,', '{')
  redis.call('RPUSH', key(session, ':out'), stamp_reply(reply, now))
end
log_entry(session, 'resumed', cjson.encode({key = id}))
enqueue(session, now, ARGV[1])
