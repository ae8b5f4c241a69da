-- The console finds a conversation by the words of its contact's messages. ARGV: session, then keyed digests of words.
-- They are terms of the session like its names, so that they expire and are erased with it; at most MAX_WORDS of one
-- session. Nothing is written for a session that is not kept: it may have been erased meanwhile. Returns the number.
local MAX_WORDS = 600
local session, now = ARGV[1], clock()
if redis.call('HEXISTS', key(session), 'address') == 0 then return 0 end
local terms, indexed = key(session, ':terms'), 0
local room = MAX_WORDS - redis.call('SCARD', terms)
for i = 2, #ARGV do
  local index = 'tg:term:' .. ARGV[i]
  local is_new = redis.call('SISMEMBER', terms, ARGV[i]) == 0
  if not is_new or room > 0 then
    if is_new then room = room - 1 end
    redis.call('ZADD', index, now, session)
    redis.call('ZREMRANGEBYRANK', index, 0, -SESSIONS_OF_TERM - 1)
    redis.call('PEXPIRE', index, RETENTION_MS + DAY_MS)
    redis.call('SADD', terms, ARGV[i])
    indexed = indexed + 1
  end
end
if indexed > 0 then redis.call('PEXPIRE', terms, RETENTION_MS + DAY_MS) end
return indexed
