-- Law L9: put a dead letter's turns at the end of their session's mailbox, and the letter away, in one step.
-- ARGV: stamp, letter id, session, address, log entry, then each turn. Returns replayed, gone or full.
-- The turns come from the caller, who has read them from the letter: cjson would turn empty lists into objects.
local letter, session = ARGV[2], ARGV[3]
local mail = key(session, ':mail')
if #redis.call('XRANGE', 'tg:dead', letter, letter) == 0 then return 'gone' end
if redis.call('LLEN', mail) + #ARGV - 5 > MAILBOX_LENGTH then return 'full' end
for i = 6, #ARGV do redis.call('RPUSH', mail, ARGV[i]) end
redis.call('XDEL', 'tg:dead', letter)
redis.call('HSET', key(session), 'address', ARGV[4])
note(session, 'replayed', ARGV[5])
count('replayed')
wake(session, clock(), ARGV[1])
return 'replayed'
