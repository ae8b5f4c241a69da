-- The console finds a conversation by the words of its messages. ARGV: for each entry the session, who wrote (contact or
-- business), a number, and so many keyed digests of words. They are terms of the session like its names, so that they expire
-- and are erased with it; at most MAX_WORDS of one session. The business repeats itself: only its new words are written, and
-- they leave room for the contact's. A known word of the contact is written again once an hour. Nothing is written for a
-- session that is not kept: it may have been erased meanwhile. Returns the number of words written.
local MAX_WORDS, MAX_OWN_WORDS, FRESH_MS = 600, 300, 3600000
local now = clock()

local bounded = {}  -- indexes that this script run has trimmed and whose expiry it has set

local function write_word(word, session)
  local index = 'tg:term:' .. word
  redis.call('ZADD', index, now, session)
  if bounded[index] then return end
  bounded[index] = true
  redis.call('ZREMRANGEBYRANK', index, 0, -SESSIONS_OF_TERM - 1)
  redis.call('PEXPIRE', index, RETENTION_MS + DAY_MS)
end

-- The words to write: the new ones, as far as there is room, and known ones of the contact that were written an hour ago.
local function select_words(session, is_own, words)
  local terms, new, stale, room = key(session, ':terms'), {}, {}, nil
  for i, is_known in ipairs(redis.call('SMISMEMBER', terms, unpack(words))) do
    if is_known == 0 then
      room = room or (is_own and MAX_OWN_WORDS or MAX_WORDS) - redis.call('SCARD', terms)
      if #new < room then new[#new + 1] = words[i] end
    elseif not is_own and tonumber(redis.call('ZSCORE', 'tg:term:' .. words[i], session) or 0) < now - FRESH_MS then
      stale[#stale + 1] = words[i]
    end
  end
  return new, stale
end

local function index_words(session, is_own, words)
  local new, stale = select_words(session, is_own, words)
  if #new + #stale == 0 or redis.call('HEXISTS', key(session), 'address') == 0 then return 0 end
  for _, word in ipairs(new) do write_word(word, session) end
  for _, word in ipairs(stale) do write_word(word, session) end
  if #new > 0 then redis.call('SADD', key(session, ':terms'), unpack(new)) end
  redis.call('PEXPIRE', key(session, ':terms'), RETENTION_MS + DAY_MS)
  return #new + #stale
end

local total, at = 0, 1
while at <= #ARGV do
  local last = at + 2 + tonumber(ARGV[at + 2])
  total = total + index_words(ARGV[at], ARGV[at + 1] == 'business', {unpack(ARGV, at + 3, last)})
  at = last + 1
end
return total
