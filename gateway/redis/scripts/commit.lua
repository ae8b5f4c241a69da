-- Law L6: state, replies, turns and log, all or none. ARGV: session, fence, number of turns, state, owner,
-- dead letter, log entry, told of an overflow (1 or ''), then reply and log entry for each reply. Returns the view,
-- or nil.
local session, now = ARGV[1], clock()
local s = key(session)
if not holds(session, ARGV[2], now) then return nil end
note(session, 'committed', ARGV[7])
if ARGV[4] ~= '' then redis.call('HSET', s, 'state', ARGV[4]) end
redis.call('LPOP', key(session, ':mail'), ARGV[3])
redis.call('HDEL', s, 'tries')
-- The bot may give the session away, never take it from a person who came in meanwhile (law L10).
local owner = redis.call('HGET', s, 'owner') or 'bot'
if ARGV[5] ~= '' and owner == 'bot' then
  redis.call('HSET', s, 'owner', ARGV[5])
  note(session, 'control', cjson.encode({owner = ARGV[5], actor = 'flow'}))
end
if ARGV[6] ~= '' then set_aside(session, ARGV[6]) end
if ARGV[8] == '1' then redis.call('HSET', s, 'overflow', 'told') end
for i = 9, #ARGV, 2 do
  redis.call('RPUSH', key(session, ':out'), ARGV[i])
  note(session, 'said', ARGV[i + 1])
end
count('committed')
return view(session, now)
