-- Schedule a reminder, in the step that commits its turn. ARGV: session, fence, key, when it is due ('' for after a wait), the
-- wait in milliseconds, the message, whether a message of the contact cancels it (1 or ''). Returns 1, 0 when it was not
-- scheduled (it is too far ahead, or too many are), or nil when the lease is lost.
local session, now = ARGV[1], clock()
if not lease_valid(session, ARGV[2], now) then return nil end
if cancelled_timers[session] then return 0 end
local due = tonumber(ARGV[4]) or now + tonumber(ARGV[5])
if due > now + SCHEDULE_HORIZON_MS or redis.call('ZCARD', 'tg:schedule') >= SCHEDULE_LENGTH then
  log_entry(session, 'unscheduled', cjson.encode({key = ARGV[3], reason = 'too far ahead, or too many', code = 'refused'}))
  return 0
end
add_to_schedule(session, ARGV[3], due, '', ARGV[6], 'reminder')
if ARGV[7] == '1' then  -- what the contact has written until now is no answer, what comes in the same millisecond is one
  redis.call('HSET', scheduled_record(session, ARGV[3]), 'since', redis.call('HGET', key(session), 'heard') or 0)
end
count('reminders')
return 1
