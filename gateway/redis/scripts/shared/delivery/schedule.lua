-- Messages that are sent later (gateway/redis/records/schedule.py).

local function scheduled_record(session, id)
  return 'tg:scheduled:{' .. session .. '}:' .. id
end

local function scheduled_member(session, id)
  return cjson.encode({session, id})
end

-- The message waits until `due`. Its record stays until it is settled, and so does its session, in which it is sent; the newest
-- session of a key is found by the key.
local function add_to_schedule(session, id, due, digest, message, reason)
  local record, ends = scheduled_record(session, id), due - clock() + DEDUP_MS
  local known = redis.call('HMGET', key(session), 'address', 'last_due')
  if known[1] and due > tonumber(known[2] or 0) then
    redis.call('HSET', key(session), 'last_due', string.format('%d', due))
  end
  redis.call('ZADD', 'tg:schedule', due, scheduled_member(session, id))
  redis.call('DEL', record)
  redis.call('HSET', record, 'state', 'waiting', 'due', string.format('%d', due), 'digest', digest, 'message', message,
    'reason', reason)
  if redis.call('SADD', key(session, ':scheduled'), id) == 1 then count_broadcast(id, 'scheduled') end
  redis.call('SET', 'tg:proactive_session:' .. id, session, 'PX', string.format('%d', ends))
  log_entry(session, 'scheduled', cjson.encode({key = id, at_ms = due, reason = reason}))
end

local function leave_schedule(session, id)
  redis.call('ZREM', 'tg:schedule', scheduled_member(session, id))
  if redis.call('SREM', key(session, ':scheduled'), id) == 0 then return end
  count_broadcast(id, 'scheduled', -1)
  if redis.call('EXISTS', key(session, ':scheduled')) == 0 then redis.call('HDEL', key(session), 'last_due') end
end

local function cancel_scheduled(session, id, reason)
  local record = scheduled_record(session, id)
  leave_schedule(session, id)
  redis.call('HSET', record, 'state', 'cancelled', 'reason', reason)
  redis.call('HDEL', record, 'message')
  redis.call('PEXPIRE', record, DEDUP_MS)
  log_entry(session, 'unscheduled', cjson.encode({key = id, reason = reason, code = 'cancelled'}))
  count('cancelled')
  count_left(id, 'rejected')
end
