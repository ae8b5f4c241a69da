-- Law L9: put what a dead letter holds at the end of its session's mailbox or outbox, and the letter away, in one
-- step. ARGV: stamp, letter id, session, mail or out, address, log entry, then each turn or reply. Returns replayed,
-- gone or full. They come from the caller, who has read them from the letter: cjson would turn empty lists into objects.
local letter, session = ARGV[2], ARGV[3]
local place = key(session, ':' .. ARGV[4])
if #redis.call('XRANGE', 'tg:dead', letter, letter) == 0 then return 'gone' end
if redis.call('LLEN', place) + #ARGV - 6 > MAILBOX_LENGTH then return 'full' end
for i = 7, #ARGV do redis.call('RPUSH', place, ARGV[i]) end
redis.call('XDEL', 'tg:dead', letter)
redis.call('HSET', key(session), 'address', ARGV[5])
note(session, 'replayed', ARGV[6])
count('replayed')
wake(session, clock(), ARGV[1])
return 'replayed'
