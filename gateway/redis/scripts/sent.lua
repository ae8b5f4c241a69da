-- Guarantee L7: the provider accepted a reply. ARGV: session, fence, message key, provider id, log entry, account,
-- reply key.
-- A status that arrived earlier (stored under the message key) is logged now.
-- Returns 1, 2 when this closes the account's circuit breaker, or nil when the lease is lost.
local session, message, now = ARGV[1], ARGV[3], clock()
if not lease_valid(session, ARGV[2], now) then return nil end
redis.call('LPUSH', key(session, ':recent'), ARGV[4])
settle_reply(session, ARGV[7])
redis.call('LTRIM', key(session, ':recent'), 0, RECENT_LENGTH - 1)
redis.call('HSET', message, 'session', session, 'reply', ARGV[7])
redis.call('PEXPIRE', message, DEDUP_MS)
log_entry(session, 'sent', ARGV[5])
local pending_status = redis.call('HMGET', message, 'entry', 'status')
if pending_status[1] then log_entry(session, 'status', pending_status[1]) end
if pending_status[2] == 'failed' then schedule_undelivered(session, ARGV[7], now) end
count('sent')
notify_waiting(session)
if redis.call('HDEL', 'tg:failures', ARGV[6]) == 0 then return 1 end
return 1 + redis.call('ZREM', 'tg:paused', ARGV[6])
