-- Put a message of the business's own into a session's outbox. ARGV: stamp, session, key, voice, whether a person's
-- hold lapses (1 or ''), then reply and log entry for each. A person who speaks has the session. Returns said, duplicate, or
-- unknown where nobody has ever written.
local now, session = clock(), ARGV[2]
if redis.call('HEXISTS', key(session), 'address') == 0 then return 'unknown' end
if redis.call('ZADD', key(session, ':seen'), 'NX', now, ARGV[3]) == 0 then return 'duplicate' end
if ARGV[4] == 'person' then
  cancel(session, 'inactivity', 'hand_off', 'undelivered')
  own(session, 'human', now, ARGV[5] == '1')
end
for i = 6, #ARGV, 2 do
  redis.call('RPUSH', key(session, ':out'), ARGV[i])
  note(session, 'said', ARGV[i + 1])
end
count('proactive')
wake(session, now, ARGV[1])
return 'said'
