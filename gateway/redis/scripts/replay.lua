-- Guarantee L9: append the turns or replies of a dead letter to its session's mailbox or outbox and delete the letter,
-- in one step. ARGV: stamp, letter id, session, mail or out, address, log entry, then each turn or reply. Returns replayed,
-- gone or full. The caller passes the contents: cjson would turn empty lists into objects.
local letter, session, now = ARGV[2], ARGV[3], clock()
local list_key = key(session, ':' .. ARGV[4])
if #redis.call('XRANGE', 'tg:dead', letter, letter) == 0 then return 'gone' end
if redis.call('LLEN', list_key) + #ARGV - 6 > MAILBOX_LENGTH then return 'full' end
for i = 7, #ARGV do
  redis.call('RPUSH', list_key, ARGV[4] == 'out' and stamp_reply(ARGV[i], now) or ARGV[i])
end
redis.call('XDEL', 'tg:dead', letter)
redis.call('HSET', key(session), 'address', ARGV[5])
log_entry(session, 'replayed', ARGV[6])
count('replayed')
enqueue(session, now, ARGV[1])
return 'replayed'
