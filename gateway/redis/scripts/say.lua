-- Put a message of the business's own into a session's outbox. ARGV: stamp, session, then reply and log entry for
-- each, the first of them under the key ARGV[3]. Returns said, duplicate, or unknown where nobody has ever written.
local now, session = clock(), ARGV[2]
if redis.call('HEXISTS', key(session), 'address') == 0 then return 'unknown' end
if redis.call('ZADD', key(session, ':seen'), 'NX', now, ARGV[3]) == 0 then return 'duplicate' end
for i = 4, #ARGV, 2 do
  redis.call('RPUSH', key(session, ':out'), ARGV[i])
  note(session, 'said', ARGV[i + 1])
end
count('proactive')
wake(session, now, ARGV[1])
return 'said'
