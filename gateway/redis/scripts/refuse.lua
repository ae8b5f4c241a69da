-- The provider will never take the first reply. ARGV: session, fence, opted out (1 or ''), log entry, dead letter
-- ('' when there is nothing to try again).
local session = ARGV[1]
if not holds(session, ARGV[2], clock()) then return nil end
note(session, 'refused', ARGV[4])
if ARGV[3] ~= '' then redis.call('HSET', key(session), 'optout', ARGV[3]) end
if ARGV[5] ~= '' then set_aside(session, ARGV[5]) end
settle(session)
count('refused')
return 1
