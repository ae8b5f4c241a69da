-- Limits against floods and loops (guarantee L13). What is over them is recorded with its outcome, and never processed.
-- Fields of a session: rate (the minute's limit), today (day and number of messages), said (time of the last message and
-- how often its words came, for the last few), silenced (why the bot is silent).
--   tg:silenced  zset  sessions that are silent, by the time of that
--   tg:spent:*   string  number of an account's messages of a day

local LOOP_MS, MINUTE_MS, DAY_MS, MAX_WORDS = 3600000, 60000, 86400000, 4

local function silence(session, reason, now)
  if redis.call('HGET', key(session), 'silenced') then return end
  redis.call('HSET', key(session), 'silenced', reason)
  redis.call('ZADD', 'tg:silenced', now, session)
  redis.call('ZREMRANGEBYSCORE', 'tg:silenced', '-inf', now - RETENTION_MS)
  log_entry(session, 'silenced', cjson.encode({reason = reason}))
  count('abuse:' .. reason)
end

-- The bot speaks again; what was counted is forgotten, so that it is not silent again at once.
local function end_silence(session, actor)
  if redis.call('HDEL', key(session), 'silenced') == 0 then return end
  redis.call('HDEL', key(session), 'said', 'rate', 'today')
  redis.call('ZREM', 'tg:silenced', session)
  log_entry(session, 'control', cjson.encode({act = 'end_silence', owner = '', actor = actor, at = 0}))
end

-- Count a round of the same words, unless the former is not answered yet. Returns how often they came, with others that
-- came again, too: two machines may take turns of several messages.
local function count_words(session, stored, words, now)
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
  redis.call('HSET', key(session), 'said', string.format('%d', now) .. table.concat(kept, '', 1, math.min(#kept, MAX_WORDS)))
  return times > 1 and times + others or times
end

local function is_over_minute(session, stored, limit, now)
  local interval = MINUTE_MS / limit
  local at = math.max(tonumber(stored or 0), now) + interval
  if at - now > MINUTE_MS then return true end
  redis.call('HSET', key(session), 'rate', math.ceil(at))
  return false
end

local function is_over_day(session, stored, limit, now)
  local today = math.floor(now / DAY_MS)
  local day, number = (stored or ''):match('^(%d+) (%d+)$')
  number = tonumber(day) == today and tonumber(number) or 0
  if number >= limit then return true end
  redis.call('HSET', key(session), 'today', string.format('%d %d', today, number + 1))
  return false
end

local function is_over_account(account, limit, now)
  local spent = 'tg:spent:' .. string.format('%d', math.floor(now / DAY_MS)) .. ':' .. account
  local number = redis.call('INCR', spent)
  if number == 1 then redis.call('PEXPIRE', spent, 2 * DAY_MS) end
  if number == limit + 1 then
    local alarm = {code = 'budget', reason = 'no more messages are answered today: the limit is ' .. limit, at_ms = now}
    redis.call('HSET', 'tg:alarms', account, cjson.encode(alarm))
  end
  return number > limit
end

-- The reason why a message is not answered, and whether that is new; nil when it is answered. `limits` are those of its
-- channel, with its words ('' where they mean nothing).
local function abuse_reason(session, account, limits, now)
  local stored = redis.call('HMGET', key(session), 'silenced', 'said', 'rate', 'today', 'owner')
  if stored[5] and stored[5] ~= 'bot' then return nil end  -- an agent reads them
  local times = limits.words ~= '' and limits.rounds > 0 and count_words(session, stored[2], limits.words, now) or 0
  if stored[1] == 'loop' and times <= 1 then
    end_silence(session, 'other words')
    stored[1], stored[3], stored[4] = false, false, false
  end
  if stored[1] == 'loop' or times > limits.rounds then return 'loop', stored[1] ~= 'loop' end
  local reason
  if limits.minute > 0 and is_over_minute(session, stored[3], limits.minute, now) then reason = 'messages_per_minute'
  elseif limits.day > 0 and is_over_day(session, stored[4], limits.day, now) then reason = 'messages_per_day'
  elseif limits.account > 0 and is_over_account(account, limits.account, now) then reason = 'account_messages_per_day' end
  if reason then return reason, stored[1] ~= reason end
  if stored[1] then end_silence(session, 'time') end
end
