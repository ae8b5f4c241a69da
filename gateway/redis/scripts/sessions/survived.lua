-- Guarantee L9: a worker that stopped in the middle of a turn or reply is alive, so its start was no death. ARGV: session, fence,
-- failed (1 or '': the turn raised an error). A lease that is still valid is released, for a later try; one that was lost
-- counts as a loss.
local session, now = ARGV[1], clock()
local had_turn, had_reply = clear_start(session, ARGV[2])
if had_turn and ARGV[3] == '1' then redis.call('HINCRBY', key(session), 'tries', 1) end
if lease_valid(session, ARGV[2], now) then
  clear_lease(session)
  redis.call('ZADD', 'tg:due', now + GRACE_MS, session)
elseif had_turn or had_reply then
  redis.call('HINCRBY', key(session), 'losses', 1)
end
return 1
