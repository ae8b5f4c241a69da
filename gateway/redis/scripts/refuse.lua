-- The provider will never take the first reply. ARGV: session, fence, opted out (1 or ''), log entry, dead letter
-- ('' when there is nothing to try again), the reply's key.
local session, now = ARGV[1], clock()
if not holds(session, ARGV[2], now) then return nil end
note(session, 'refused', ARGV[4])
if ARGV[3] ~= '' then redis.call('HSET', key(session), 'optout', ARGV[3]) end
if ARGV[5] ~= '' then
  set_aside(session, ARGV[5])
  undelivered(session, ARGV[6], now)
end
settle(session)
count('refused')
tell(session)
return 1
