-- Leases with fencing tokens, from acquisition to release.

local valid_fences = {}  -- fencing tokens that this script run has checked, by session

-- Guarantee L5: only the newest fencing token, while its lease is valid, may write. A token is a number that grows and
-- the claimer's nonce: the number alone repeats after an erasure, a failover to a lagging replica or a restored backup.
-- `stored` are these fields, which are read otherwise.
local function lease_valid(session, fence, now, stored)
  if valid_fences[session] == fence then return true end
  stored = stored or redis.call('HMGET', key(session), 'fence', 'nonce', 'lease')
  if not stored[3] or tonumber(stored[3]) <= now then return false end
  if (stored[1] or '') .. ':' .. (stored[2] or '') ~= fence then return false end
  valid_fences[session] = fence
  return true
end

-- A worker that was paused, or without the server, for longer than the lease gets a longer one the next time.
local function lease_length(losses)
  return LEASE_MS * math.min(1 + tonumber(losses or 0), MAX_LEASE_FACTOR)
end

-- Guarantee L5: acquire the lease with a new fencing token, unless it is held; the holder's own nonce renews it.
-- Returns {fence, milliseconds, view} or nil.
-- With `isolation` a suspect is not started: in place of the view there is its level of suspicion; with 'all' no session is.
-- The first death or loss is most often a deployment's, so suspicion begins with the second; with the third of a reply, whose
-- send takes longer and meets more kills that are not its fault.
local function acquire_lease(session, now, stamp, nonce, isolation)
  local s = key(session)
  local stored = read_view_fields(session, 'lease', 'fence', 'hold', 'losses', 'nonce')
  local lease, fence, hold, losses, holder = unpack(stored, VIEW_LENGTH + 1, VIEW_LENGTH + 5)
  release_slot(session, stored[ACCOUNT] or '', now, stamp)
  local is_held = lease and tonumber(lease) > now
  local is_own = is_held and holder == nonce
  local turns, replies = stored[STARTED] or '', stored[SENDS] or ''
  if not is_own then turns, replies = clear_unanswered_starts(session, turns, replies, nonce) end
  if is_held and not is_own then return nil end
  stored[STARTED], stored[SENDS] = turns, replies
  local number = tonumber(fence or 0) + (is_own and 0 or 1)
  fence = number .. ':' .. nonce
  local length = lease_length(losses)
  redis.call('HSET', s, 'fence', number, 'nonce', nonce, 'lease', now + length)
  if hold then redis.call('HDEL', s, 'hold') end
  redis.call('ZADD', 'tg:due', now + length, session)
  local level = math.max(count_deaths(turns, fence), count_deaths(replies, fence) - 1, tonumber(losses or 0)) - 1
  if isolation == 'all' or isolation and level > 0 then return {fence, length, math.max(level, 0)} end
  return {fence, length, read_view(session, now, fence, nil, stored)}
end

local function clear_lease(session, ...)
  valid_fences[session] = nil
  redis.call('HDEL', key(session), 'lease', 'job', ...)
end

-- A session without work is kept for the retention time, and until its last scheduled message and its next timer; an opt-out
-- is kept for good. Of an erased session only the lease of a job that was still queued is left: nothing is kept.
-- `stored` are the fields that are read otherwise, then with the next timer.
local function start_retention(session, stored, timer)
  local s = key(session)
  if not stored then
    stored, timer = redis.call('HMGET', s, 'optout', 'address', 'owner', 'last_due'), next_timer(session)
  end
  if not stored[1] and not stored[2] and not stored[3] then
    redis.call('DEL', s)
  elseif stored[1] and stored[1] ~= '0' then
    redis.call('PERSIST', s)
  else
    local needed = math.max(tonumber(stored[4] or 0), timer or 0) - clock() + 86400000
    redis.call('PEXPIRE', s, string.format('%d', math.max(RETENTION_MS, needed)))
  end
  redis.call('PEXPIRE', key(session, ':log'), RETENTION_MS)
  redis.call('PEXPIRE', key(session, ':held'), RETENTION_MS)
  redis.call('PEXPIRE', key(session, ':recent'), RETENTION_MS)  -- sent.lua of an earlier release does not
end

-- The same for an event that needs no job; while there is work, the end of that starts it.
local function start_retention_if_idle(session)
  if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then return end
  local stored = redis.call('HMGET', key(session), 'job', 'lease')
  if not stored[1] and not stored[2] then start_retention(session) end
end

-- Guarantee L8: release the lease and clear the job mark if no work is left, in one step. A burst that may still grow
-- and a running timer are left to the due index. Returns whether the lease was released.
local function release_or_stay(session, now)
  local s = key(session)
  if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then
    local quiet_until = tonumber(redis.call('HGET', s, 'quiet') or 0)
    if quiet_until <= now or redis.call('EXISTS', key(session, ':out')) > 0 then return false end
    clear_lease(session)
    redis.call('ZADD', 'tg:due', quiet_until, session)
    return true
  end
  local stored = redis.call('HMGET', s, 'optout', 'address', 'owner', 'last_due', unpack(TIMERS))
  local timer = first_timer({unpack(stored, 5)})
  if timer and timer <= now then return false end
  clear_lease(session, 'hold', 'overflow', 'burst', 'quiet')
  if timer then redis.call('ZADD', 'tg:due', timer, session) else redis.call('ZREM', 'tg:due', session) end
  end_wait(session)
  start_retention(session, stored, timer)
  return true
end
