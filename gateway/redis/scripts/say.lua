-- Append a proactive message to a session's outbox. ARGV: stamp, session, key, voice, whether the agent's
-- ownership expires (1 or ''), then reply and log entry for each. A message of an agent takes the session over. Returns said, duplicate,
-- full when too many replies wait, or unknown for a session without any message.
local now, session = clock(), ARGV[2]
if redis.call('HEXISTS', key(session), 'address') == 0 then return 'unknown' end
if redis.call('LLEN', key(session, ':out')) + (#ARGV - 5) / 2 > MAILBOX_LENGTH then return 'full' end
if redis.call('ZADD', key(session, ':seen'), 'NX', now, ARGV[3]) == 0 then return 'duplicate' end
if ARGV[4] == 'person' then
  clear_timers(session, 'inactivity', 'hand_off', 'undelivered')
  set_owner(session, 'human', now, ARGV[5] == '1')
end
for i = 6, #ARGV, 2 do
  redis.call('RPUSH', key(session, ':out'), stamp_reply(ARGV[i], now))
  log_entry(session, 'said', ARGV[i + 1])
end
count('proactive')
enqueue(session, now, ARGV[1])
return 'said'
