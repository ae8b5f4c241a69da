-- The console finds a conversation by the words of its messages. ARGV: session, who wrote (contact or business), then keyed
-- digests of words. They are terms of the session like its names, so that they expire and are erased with it; at most
-- MAX_WORDS of one session. The business repeats itself: only its new words are written, and they leave room for the
-- contact's. Nothing is written for a session that is not kept: it may have been erased meanwhile. Returns the number.
local MAX_WORDS, MAX_OWN_WORDS = 600, 300
local session, is_own, now = ARGV[1], ARGV[2] == 'business', clock()
if redis.call('HEXISTS', key(session), 'address') == 0 then return 0 end
local terms, indexed, words = key(session, ':terms'), 0, {}
for i = 3, #ARGV do words[#words + 1] = ARGV[i] end
local known = redis.call('SMISMEMBER', terms, unpack(words))
local room = (is_own and MAX_OWN_WORDS or MAX_WORDS) - redis.call('SCARD', terms)
for i, word in ipairs(words) do
  local index, is_new = 'tg:term:' .. word, known[i] == 0
  if is_new and room > 0 or not is_new and not is_own then
    if is_new then room = room - 1 end
    redis.call('ZADD', index, now, session)
    redis.call('ZREMRANGEBYRANK', index, 0, -SESSIONS_OF_TERM - 1)
    redis.call('PEXPIRE', index, RETENTION_MS + DAY_MS)
    redis.call('SADD', terms, word)
    indexed = indexed + 1
  end
end
if indexed > 0 then redis.call('PEXPIRE', terms, RETENTION_MS + DAY_MS) end
return indexed
