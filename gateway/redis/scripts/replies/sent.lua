-- Guarantee L7: the provider accepted a reply. ARGV: session, fence, message key, provider id, log entry, account,
-- reply key, and the reply as it is kept to be sent again ('' for none); for a reply that opened a thread at the
-- provider also the address of that, the session that webhooks name for it, and how long that name is kept.
-- A status that arrived earlier (stored under the message key) is logged now.
-- Returns 1, 2 when this closes the account's circuit breaker, or nil when the lease is lost.
local session, message, now = ARGV[1], ARGV[3], clock()
if not lease_valid(session, ARGV[2], now) then
  if redis.call('HEXISTS', key(session), 'address') == 0 then  -- erased meanwhile
    mark_erased({message}, now)
    redis.call('DEL', message)
  end
  return nil
end
local addresses = redis.call('HMGET', key(session), 'address', 'marked_to', 'marked_at')
redis.call('LPUSH', key(session, ':recent'), ARGV[4])
settle_reply(session, ARGV[7])
redis.call('LTRIM', key(session, ':recent'), 0, RECENT_LENGTH - 1)
redis.call('PEXPIRE', key(session, ':recent'), RETENTION_MS)
redis.call('HSET', message, 'session', session, 'reply', ARGV[7], 'account', ARGV[6], 'given', addresses[3] or now)
redis.call('PEXPIRE', message, DEDUP_MS)
log_entry(session, 'sent', ARGV[5])
if ARGV[9] then  -- the thread's webhooks lead here, and the next reply goes there, unless an answer has come already
  if addresses[1] == addresses[2] then redis.call('HSET', key(session), 'address', ARGV[9]) end
  redis.call('HSET', 'tg:person:' .. ARGV[10], 'session', session, 'with', '')
  redis.call('PEXPIRE', 'tg:person:' .. ARGV[10], ARGV[11])
  redis.call('SADD', key(session, ':names'), ARGV[10])
  redis.call('PEXPIRE', key(session, ':names'), ARGV[11])
end
local pending_status = redis.call('HMGET', message, 'entry', 'status')
if pending_status[1] then log_entry(session, 'status', pending_status[1]) end
if pending_status[2] == 'delivered' or pending_status[2] == 'read' then
  count_broadcast(ARGV[7], pending_status[2])
elseif ARGV[8] ~= '' then
  keep_reply(session, ARGV[4], ARGV[8])
end
if pending_status[2] == 'failed' then settle_failed_status(message, now) end
count('sent')
count_class('replies', ARGV[6], reply_class(ARGV[7]))
observe_answer(session, ARGV[6], ARGV[7], now)
count_left(ARGV[7], 'sent')
notify_waiting(session)
if redis.call('HDEL', 'tg:failures', ARGV[6]) == 0 then return 1 end
redis.call('DEL', 'tg:failing:' .. ARGV[6])
redis.call('HDEL', 'tg:reasons', ARGV[6])
return 1 + redis.call('ZREM', 'tg:paused', ARGV[6])
