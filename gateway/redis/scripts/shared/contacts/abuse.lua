-- Limits against floods and loops (guarantee L13). What is over them is recorded with its outcome, and never processed.
-- Fields of a session: rate (the minute's limit), today (day and number of messages), said (time of the last message and
-- how often its words came, for the last few), tokens (day and tokens of the model), replied (the hour's limit of replies, and
-- the last one that is counted), silenced (why the bot is silent).
--   tg:silenced  zset  sessions that are silent, by the time of that
--   tg:spent:*   string  number of an account's messages of a day; tg:spent_tokens:* of the model's tokens
--   tg:spent_accounts:*   set   accounts with such a number; tg:spent_elsewhere:* hash of their sums in the other partitions

local LOOP_MS, MINUTE_MS, HOUR_MS, DAY_MS, MAX_WORDS = 3600000, 60000, 3600000, 86400000, 4
local REPLIES, REPLY_LOOK_MS = 'replies_per_hour', 30000  -- a reply that waits is looked at again that soon

local function silence(session, reason, now)
  if redis.call('HGET', key(session), 'silenced') then return end
  redis.call('HSET', key(session), 'silenced', reason)
  redis.call('ZADD', 'tg:silenced', now, session)
  redis.call('ZREMRANGEBYSCORE', 'tg:silenced', '-inf', now - RETENTION_MS)
  log_entry(session, 'silenced', cjson.encode({reason = reason}))
  count('abuse:' .. reason)
end

-- The bot speaks again. What was counted is forgotten when an operator wants that, or it would be silent again at once.
local function end_silence(session, actor)
  if redis.call('HDEL', key(session), 'silenced') == 0 then return end
  if actor == 'operator' then redis.call('HDEL', key(session), 'said', 'rate', 'today', 'tokens', 'replied') end
  redis.call('ZREM', 'tg:silenced', session)
  log_entry(session, 'control', cjson.encode({act = 'end_silence', owner = '', actor = actor, at = 0}))
end

-- Count a round of the same words, unless the former is not answered yet. Returns how often they came, with others that
-- came again, too: two machines may take turns of several messages. `counted` gets the fields that change.
local function count_words(session, stored, words, counted, now)
  local at, list = (stored or ''):match('^(%d+)(.*)$')
  local kept, times, others = {}, 0, 0
  if at and tonumber(at) > now - LOOP_MS then
    for each, number in list:gmatch(' (%x+):(%d+)') do
      if each == words then times = tonumber(number) else kept[#kept + 1] = ' ' .. each .. ':' .. number end
      if each ~= words and tonumber(number) > 1 then others = others + number end
    end
  end
  if times == 0 or redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) == 0 then times = times + 1 end
  table.insert(kept, 1, ' ' .. words .. ':' .. times)
  counted[#counted + 1] = 'said'
  counted[#counted + 1] = string.format('%d', now) .. table.concat(kept, '', 1, math.min(#kept, MAX_WORDS))
  return times > 1 and times + others or times
end

local function is_over_minute(stored, limit, counted, now)
  local interval = MINUTE_MS / limit
  local at = math.max(tonumber(stored or 0), now) + interval
  if at - now > MINUTE_MS then return true end
  counted[#counted + 1] = 'rate'
  counted[#counted + 1] = math.ceil(at)
  return false
end

local function number_of_today(stored, now)
  local day, number = (stored or ''):match('^(%d+) (%d+)$')
  return tonumber(day) == math.floor(now / DAY_MS) and tonumber(number) or 0
end

local function day_of(now)
  return string.format('%d', math.floor(now / DAY_MS))
end

-- An account's number of the day in the other partitions, as far as this one knows (gateway/partitions/shared_budgets.py).
local function spent_elsewhere(kind, account, now)
  return tonumber(redis.call('HGET', 'tg:spent_elsewhere:' .. day_of(now), kind .. ':' .. account) or 0)
end

-- Add to an account's number of the day; returns that of this partition.
local function spend(kind, account, number, now)
  local spent, accounts = 'tg:' .. kind .. ':' .. day_of(now) .. ':' .. account, 'tg:spent_accounts:' .. day_of(now)
  local total = redis.call('INCRBY', spent, number)
  if total == number then
    redis.call('PEXPIRE', spent, 2 * DAY_MS)
    redis.call('SADD', accounts, account)
    redis.call('PEXPIRE', accounts, 2 * DAY_MS)
  end
  return total
end

-- A turn used tokens of a language model.
local function spend_tokens(session, tokens, now)
  local stored = redis.call('HMGET', key(session), 'tokens', 'account')
  local number = number_of_today(stored[1], now) + tokens
  redis.call('HSET', key(session), 'tokens', string.format('%d %d', math.floor(now / DAY_MS), number))
  if tokens > 0 then spend('spent_tokens', stored[2] or '', tokens, now) end
end

local function is_over_day(stored, limit, counted, now)
  local number = number_of_today(stored, now)
  if number >= limit then return true end
  counted[#counted + 1] = 'today'
  counted[#counted + 1] = string.format('%d %d', math.floor(now / DAY_MS), number + 1)
  return false
end

local function raise_budget_alarm(account, what, limit, now)
  local reason = 'no more messages are answered today: the limit is ' .. limit .. ' ' .. what
  raise_alarm(account, {code = 'budget', reason = reason, at_ms = now})
end

local function is_over_account(account, limit, now)
  if spend('spent', account, 1, now) + spent_elsewhere('spent', account, now) <= limit then return false end
  raise_budget_alarm(account, 'messages', limit, now)
  return true
end

local function is_over_account_tokens(account, limit, now)
  local here = tonumber(redis.call('GET', 'tg:spent_tokens:' .. day_of(now) .. ':' .. account) or 0)
  if here + spent_elsewhere('spent_tokens', account, now) < limit then return false end
  raise_budget_alarm(account, 'tokens', limit, now)
  return true
end

-- Budgets in order; the first that is used up is the reason.
local function used_up(account, limits, fields, counted, now)
  if limits.minute > 0 and is_over_minute(fields.rate, limits.minute, counted, now) then return 'messages_per_minute' end
  if limits.tokens > 0 and number_of_today(fields.tokens, now) >= limits.tokens then return 'tokens_per_day' end
  if limits.day > 0 and is_over_day(fields.today, limits.day, counted, now) then return 'messages_per_day' end
  if limits.account_tokens > 0 and is_over_account_tokens(account, limits.account_tokens, now) then
    return 'account_tokens_per_day'
  end
  if limits.account > 0 and is_over_account(account, limits.account, now) then return 'account_messages_per_day' end
end

local function find_abuse(session, account, limits, fields, counted, now)
  if fields.owner and fields.owner ~= 'bot' then return nil end  -- an agent reads them
  local silenced = fields.silenced
  local waits = silenced == REPLIES  -- for its replies; what the contact writes is another matter
  if waits then silenced = false end
  local times = limits.words ~= '' and limits.rounds > 0 and count_words(session, fields.said, limits.words, counted, now) or 0
  if silenced == 'loop' and times <= 1 then
    end_silence(session, 'other words')
    silenced = false
  end
  if silenced == 'loop' or times > limits.rounds then
    if waits then redis.call('HDEL', key(session), 'silenced') end
    return 'loop', silenced ~= 'loop'
  end
  local reason = used_up(account, limits, fields, counted, now)
  if reason then
    if waits then redis.call('HDEL', key(session), 'silenced') end
    if silenced and silenced ~= reason then redis.call('HSET', key(session), 'silenced', reason) end
    return reason, not silenced
  end
  if silenced then end_silence(session, 'time') end
end

-- The reason why a message is not answered, and whether that is new; nil when it is answered. `limits` are those of its
-- channel, with its words ('' where they mean nothing), `fields` those of the session by name. The third answer are the fields
-- that count the message, with their values: the caller stores them.
local function abuse_reason(session, account, limits, fields, now)
  local counted = {}
  local reason, is_new = find_abuse(session, account, limits, fields, counted, now)
  return reason, is_new, counted
end

-- The bot has sent as many replies within an hour as one contact gets: the rest waits until half of them are free again, or
-- an operator ends the silence. Returns the answer of mark.lua, or nil and the new value of `replied`.
local function reply_limit_wait(session, reply, limit, now)
  if limit == 0 then return nil end
  local stored = redis.call('HMGET', key(session), 'replied', 'silenced')
  local at, counted_reply = (stored[1] or ''):match('^(%d+) (.*)$')
  if counted_reply == reply then return nil end  -- another try
  local interval, is_silent = HOUR_MS / limit, stored[2] == REPLIES
  local next_at = math.max(tonumber(at or 0), now) + interval
  local wait = next_at - now - (is_silent and math.max(HOUR_MS / 2, interval) or HOUR_MS)
  if wait > 0 then
    if stored[2] then return {math.min(math.ceil(wait), REPLY_LOOK_MS), 'reply limit'} end
    silence(session, REPLIES, now)
    return {math.min(math.ceil(wait), REPLY_LOOK_MS), 'reply limit', 1}
  end
  if is_silent then end_silence(session, 'time') end
  return nil, string.format('%d ', math.ceil(next_at)) .. reply
end
