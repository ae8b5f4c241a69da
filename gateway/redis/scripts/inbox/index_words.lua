-- The console finds a conversation by the words of its messages. ARGV: for each entry the session, who wrote (contact or
-- business), a number, and so many keyed digests of words. They are terms of the session like its names, so that they expire
-- and are erased with it; at most MAX_WORDS of one session. The business repeats itself: only its new words are written, and
-- they leave room for the contact's. A known word of the contact is written again once an hour. Nothing is written for a
-- session that is not kept: it may have been erased meanwhile. Returns the number of words written.
local MAX_WORDS, MAX_OWN_WORDS, FRESH_MS = 600, 300, 3600000
local now = clock()

local function needs_writing(index, session, is_known, is_own, room)
  if not is_known then return room > 0 end
  return not is_own and tonumber(redis.call('ZSCORE', index, session) or 0) < now - FRESH_MS
end

local function index_words(session, is_own, words)
  if redis.call('HEXISTS', key(session), 'address') == 0 then return 0 end
  local terms, indexed = key(session, ':terms'), 0
  local known = redis.call('SMISMEMBER', terms, unpack(words))
  local room = (is_own and MAX_OWN_WORDS or MAX_WORDS) - redis.call('SCARD', terms)
  for i, word in ipairs(words) do
    local index, is_known = 'tg:term:' .. word, known[i] == 1
    if needs_writing(index, session, is_known, is_own, room) then
      if not is_known then room = room - 1 end
      redis.call('ZADD', index, now, session)
      redis.call('ZREMRANGEBYRANK', index, 0, -SESSIONS_OF_TERM - 1)
      redis.call('PEXPIRE', index, RETENTION_MS + DAY_MS)
      redis.call('SADD', terms, word)
      indexed = indexed + 1
    end
  end
  if indexed > 0 then redis.call('PEXPIRE', terms, RETENTION_MS + DAY_MS) end
  return indexed
end

local total, at = 0, 1
while at <= #ARGV do
  local last = at + 2 + tonumber(ARGV[at + 2])
  total = total + index_words(ARGV[at], ARGV[at + 1] == 'business', {unpack(ARGV, at + 3, last)})
  at = last + 1
end
return total
