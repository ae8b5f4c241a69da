-- Schedule a message. ARGV: session, key, the time at which it is due, digest of the content, the message as JSON, the
-- reason why it waits ('' when the caller asked for it). Returns {outcome, due}: scheduled, duplicate (the same content
-- waits already), id_used (another content waits under the key), due (its time has come: send it), past, too_far or
-- schedule_full.
local now, session, id, due = clock(), ARGV[1], ARGV[2], tonumber(ARGV[3])
local record = scheduled_record(session, id)
local earlier = redis.call('HMGET', record, 'state', 'digest', 'due')
if earlier[1] == 'waiting' or earlier[1] == 'releasing' then
  return {earlier[2] == ARGV[4] and 'duplicate' or 'id_used', tonumber(earlier[3])}
end
if due < now - SCHEDULE_LATENESS_MS then return {'past', due} end
if due > now + SCHEDULE_HORIZON_MS then return {'too_far', due} end
if due <= now then return {'due', due} end
if redis.call('ZCARD', 'tg:schedule') >= SCHEDULE_LENGTH then return {'schedule_full', due} end
add_to_schedule(session, id, due, ARGV[4], ARGV[5], ARGV[6])
start_retention_if_idle(session)
count('scheduled')
count_entered(id)
return {'scheduled', due}
