-- Guarantee L9: return the turns or the reply of a dead letter to its session and delete the letter, in one step. Turns
-- follow those that wait; a reply goes before those that wait, which are newer, unless one is being sent already.
-- ARGV: stamp, letter id, session, mail or out, address, log entry, then each turn or reply. Returns replayed,
-- gone or full. The caller passes the contents: cjson would turn empty lists into objects.
local letter, session, now = ARGV[2], ARGV[3], clock()
local list_key = key(session, ':' .. ARGV[4])
if #redis.call('XRANGE', 'tg:dead', letter, letter) == 0 then return 'gone' end
if redis.call('LLEN', list_key) + #ARGV - 6 > MAILBOX_LENGTH then return 'full' end
local first = redis.call('LINDEX', list_key, 0)
for i = 7, #ARGV do
  if ARGV[4] == 'mail' then
    redis.call('RPUSH', list_key, ARGV[i])
  elseif first and stored_field(first, 'key') == redis.call('HGET', key(session), 'marked') then
    redis.call('LINSERT', list_key, 'AFTER', first, stamp_reply(ARGV[i], now))
  else
    redis.call('LPUSH', list_key, stamp_reply(ARGV[i], now))
  end
end
redis.call('XDEL', 'tg:dead', letter)
redis.call('HSETNX', key(session), 'address', ARGV[5])  -- the contact may have another one by now
begin_wait(session, now)
log_entry(session, 'replayed', ARGV[6])
count('replayed')
enqueue(session, now, ARGV[1])
return 'replayed'
