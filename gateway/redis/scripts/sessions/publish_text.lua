-- Publish a piece of the text that a worker is producing. A worker whose session was erased meanwhile writes nothing back.
-- ARGV: session, turn, text, whether it is the first piece (1 or ''), the number of pieces that are kept, and for how many
-- milliseconds. Returns 1 or 0.
local session = ARGV[1]
if redis.call('HEXISTS', key(session), 'lease') == 0 then return 0 end
local pieces = key(session, ':text')
redis.call('XADD', pieces, 'MAXLEN', '~', ARGV[5], '*', 'turn', ARGV[2], 'text', ARGV[3], 'first', ARGV[4])
redis.call('PEXPIRE', pieces, ARGV[6])
notify_waiting(session)
return 1
