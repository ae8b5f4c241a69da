-- The provider rejected a reply for good. ARGV: session, fence, opted out (1, marketing or ''), log entry, dead letter
-- ('' when a retry makes no sense), the reply's key, and the class of the failure.
-- Returns 1, 2 (another reply is before it; nothing was done), or nil when the lease is lost.
local session, now = ARGV[1], clock()
if not lease_valid(session, ARGV[2], now) then return nil end
if not is_next_reply(session, ARGV[6]) then return 2 end
log_entry(session, 'refused', ARGV[4])
if ARGV[3] ~= '' and not is_older_report(session, redis.call('HGET', key(session), 'marked_at'), now) then
  set_optout(session, ARGV[3], now)
end
if ARGV[5] ~= '' then add_dead_letter(session, ARGV[5]) end
settle_reply(session, ARGV[6])  -- first, as it may delay timers
if ARGV[3] ~= '' or ARGV[5] ~= '' then schedule_undelivered(session, ARGV[6], now, ARGV[7]) end
count('refused')
count_class('refusals', redis.call('HGET', key(session), 'account') or '', ARGV[7])
count_left(ARGV[6], 'rejected')
count_broadcast(ARGV[6], 'failed')
notify_waiting(session)
return 1
