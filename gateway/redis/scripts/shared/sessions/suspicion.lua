-- Workers that started a turn or a reply and did not report back.

local MAX_STARTED_LENGTH, MAX_LEASE_FACTOR = 500, 10

-- Suspicion (guarantee L9): `started` lists the tokens of the workers that started the first turn and did not report
-- back, `sends` those that started the first reply. Each stands for a death, unless its worker is alive after all and says
-- so (survived.lua).
local function record_start(session, field, tokens, fence)
  if #tokens > MAX_STARTED_LENGTH or (' ' .. tokens .. ' '):find(' ' .. fence .. ' ', 1, true) then return end
  redis.call('HSET', key(session), field, tokens == '' and fence or tokens .. ' ' .. fence)
end

-- Remove tokens from a list of starts; returns those that are left.
local function remove_starts(session, field, tokens, is_removed)
  local others = {}
  for token in tokens:gmatch('%S+') do
    if not is_removed(token) then others[#others + 1] = token end
  end
  local remaining = table.concat(others, ' ')
  if remaining ~= tokens then redis.call('HSET', key(session), field, remaining) end
  return remaining
end

-- Remove a worker's starts; returns whether it had started a turn, and whether a reply.
local function clear_start(session, fence)
  local stored = redis.call('HMGET', key(session), 'started', 'sends')
  local turns, replies = stored[1] or '', stored[2] or ''
  local function is_own(token) return token == fence end
  return turns ~= '' and remove_starts(session, 'started', turns, is_own) ~= turns,
    replies ~= '' and remove_starts(session, 'sends', replies, is_own) ~= replies
end

-- Guarantee L9: a nonce that comes again is that of a claimer whose answer was lost: it lives, so what it has started under
-- that nonce was no death. Returns the starts of turns and of replies that are left.
local function clear_unanswered_starts(session, turns, replies, nonce)
  if turns == '' and replies == '' then return turns, replies end
  local function is_own(token) return token:sub(-#nonce - 1) == ':' .. nonce end
  return remove_starts(session, 'started', turns, is_own), remove_starts(session, 'sends', replies, is_own)
end

-- The number of deaths so far: the tokens, without the holder's own.
local function count_deaths(tokens, fence)
  local deaths = 0
  for token in tokens:gmatch('%S+') do
    if token ~= fence then deaths = deaths + 1 end
  end
  return deaths
end
