-- Guarantee L9: a worker that stopped in the middle of a turn or reply is alive, so its start was no death. ARGV: session, fence,
-- failed (1 or '': the turn or reply raised an error). A reply's failure counts as a death: its send may have been accepted,
-- so it is not begun without end. A lease that is still valid is released, for a later try; one that was lost counts as a loss.
local session, now = ARGV[1], clock()
local had_turn, had_reply = clear_start(session, ARGV[2])
if had_turn and ARGV[3] == '1' then redis.call('HINCRBY', key(session), 'tries', 1) end
if had_reply and ARGV[3] == '1' then
  record_start(session, 'sends', redis.call('HGET', key(session), 'sends') or '', ARGV[2])
end
if lease_valid(session, ARGV[2], now) then
  clear_lease(session)
  redis.call('ZADD', 'tg:due', now + GRACE_MS, session)
elseif had_turn or had_reply then
  redis.call('HINCRBY', key(session), 'losses', 1)
end
return 1
