-- Workers that started a turn and did not report back.

local MAX_STARTED_LENGTH, MAX_LEASE_FACTOR = 500, 10

-- Suspicion (guarantee L9): `started` lists the tokens of the workers that started the first turn and did not report
-- back. Each stands for a death, unless its worker is alive after all and says so (survived.lua).
local function record_start(session, fence, started)
  if #started > MAX_STARTED_LENGTH or (' ' .. started .. ' '):find(' ' .. fence .. ' ', 1, true) then return end
  redis.call('HSET', key(session), 'started', started == '' and fence or started .. ' ' .. fence)
end

-- Remove a worker's start; returns whether there was one.
local function clear_start(session, fence)
  local started, others = redis.call('HGET', key(session), 'started') or '', {}
  if started == '' then return false end
  for token in started:gmatch('%S+') do
    if token ~= fence then others[#others + 1] = token end
  end
  local remaining = table.concat(others, ' ')
  if remaining ~= started then redis.call('HSET', key(session), 'started', remaining) end
  return remaining ~= started
end

-- The number of deaths so far: the started tokens, without the holder's own.
local function count_deaths(started, fence)
  local deaths = 0
  for token in started:gmatch('%S+') do
    if token ~= fence then deaths = deaths + 1 end
  end
  return deaths
end
