-- What is measured for /metrics: counters by account and class, histograms of waits, and who waits for how long.
-- Fields of tg:counts, and of tg:traffic:* for each minute since the epoch (gateway/redis/records/processes/traffic.py):
--   c|name|account|class       a counter
--   h|name|channel|bound       observations up to `bound` milliseconds and above the next smaller one ('inf': the rest)
--   h|name|channel|sum         their sum in milliseconds
--   tg:unanswered  zset  sessions with work, by the time at which the oldest message that is not answered was accepted

local function channel_of(account)
  return account:match('^[^:]*')
end

-- Count by account and class, for ever and by the minute.
local function count_class(name, account, class)
  count_by_minute('c|' .. name .. '|' .. account .. '|' .. class, 1)
end

local function observe(name, account, milliseconds)
  local prefix, bound = 'h|' .. name .. '|' .. channel_of(account) .. '|', 'inf'
  for _, each in ipairs(DURATION_BOUNDS) do
    if milliseconds <= each then
      bound = each
      break
    end
  end
  count_by_minute(prefix .. bound, 1)
  count_by_minute(prefix .. 'sum', math.max(milliseconds, 0))
end

-- A message was accepted: the session waits from now on, unless it waits already.
local function begin_wait(session, now)
  redis.call('ZADD', 'tg:unanswered', 'NX', now, session)
end

-- What came before this turn is answered. Returns since when the turn waits; one that an operator replays waits from
-- then on.
local function wait_begin(session, turn, now)
  local accepted = tonumber(redis.call('ZSCORE', key(session, ':seen'), turn or '') or 0)
  local waiting = tonumber(redis.call('ZSCORE', 'tg:unanswered', session) or 0)
  if accepted > waiting and waiting > 0 then redis.call('ZADD', 'tg:unanswered', 'XX', accepted, session) end
  return math.min(math.max(accepted, waiting), now)
end

local function end_wait(session)
  redis.call('ZREM', 'tg:unanswered', session)
end

-- Who speaks in a reply, by its key: the bot, a person, or the business with a proactive message.
local function reply_class(reply)
  if reply:sub(1, 6) == 'agent-' then return 'person' end
  return reply:sub(1, 4) == 'own-' and 'proactive' or 'bot'
end

-- The first reply to a turn left: how long did the contact wait for it? `asked` is when its turn was accepted, and the
-- part of its replies' keys that is common.
local function observe_answer(session, account, reply, now)
  local at, turn = (redis.call('HGET', key(session), 'asked') or ''):match('^(%d+) (.*)$')
  if not at or reply:sub(1, #turn + 1) ~= turn .. '.' then return end
  redis.call('HDEL', key(session), 'asked')
  observe('answer', account, now - tonumber(at))
end
