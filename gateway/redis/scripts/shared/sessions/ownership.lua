-- Who may speak in a session, and whether there is somebody to speak to.

-- With several partitions: the names of the session's contact lead to another one, or are about to (leave_partition.lua).
local function has_left(session, now)
  local left = KEYS[1] and redis.call('HGET', key(session), 'left')
  return left and (left == 'gone' or tonumber(left) > now)
end

-- An error if this process knows one partition only and contacts are spread over more: it began while the server was away, and
-- would store a message where nobody else looks for the contact.
local function find_missing_partitions()
  local spread = KEYS[1] and PARTITIONS == 1 and redis.call('GET', 'tg:partitions') or '1'
  if tonumber(spread) <= 1 then return nil end
  return redis.error_reply('ERR TURNGATE_PARTITIONS is 1, but contacts are spread over ' .. spread ..
    ' partitions; set TURNGATE_PARTITIONS=' .. spread)
end

-- The session with which this one has been joined lately (resolve_names.lua), or itself.
local function present_session(session)
  local present = redis.call('HGET', 'tg:person:' .. session, 'session')
  return present and redis.call('SISMEMBER', key(present, ':former'), session) == 1 and present or session
end

-- Owner and opt-out that count for a session. Of one that was joined with another one what waits is still answered and sent;
-- an agent who has the other one, and an opt-out there, count for that. A close there may be older than what waits here.
local function effective_rights(session, owner, optout)
  local present = present_session(session)
  if present == session then return owner, optout end
  local there = redis.call('HMGET', key(present), 'owner', 'optout')
  if there[1] == 'human' or there[1] == 'waiting' then owner = there[1] end
  if there[2] == '1' or optout ~= '1' and there[2] == 'marketing' then optout = there[2] end
  return owner, optout
end

-- Guarantee L10: `owner` speaks from now on. With `expires` the bot may speak again after a period without an agent's
-- action; without it, only an explicit action returns the session to the bot.
local function set_owner(session, owner, now, expires)
  local s = key(session)
  local previous = redis.call('HGET', s, 'owner') or 'bot'
  if previous ~= owner then add_event('owner.changed', session, {owner = owner, previous = previous}) end
  redis.call('HSET', s, 'owner', owner)
  redis.call('HDEL', s, 'lapses', 'transferred')
  if owner == 'waiting' or owner == 'human' then
    redis.call('ZADD', 'tg:desk', now, session)
    redis.call('ZREMRANGEBYSCORE', 'tg:desk', '-inf', now - RETENTION_MS)
    if expires and AGENT_TIMEOUT_MS > 0 then redis.call('HSET', s, 'lapses', now + AGENT_TIMEOUT_MS) end
  else
    redis.call('ZREM', 'tg:desk', session)
    redis.call('HDEL', s, 'agent')  -- whose it was (assign.lua)
  end
end

-- The newest time of a provider that is known, in seconds since the epoch, and the one that an event states. A time far
-- ahead of the server's clock comes from a wrong clock: it counts as now, or each later event would be an old one.
local MAX_AHEAD_SECONDS = 300
local function provider_time(at, now)
  return at > now / 1000 + MAX_AHEAD_SECONDS and now / 1000 or at
end

local function newest_time(stored, now)
  local at = tonumber(stored or 0)
  return at > now / 1000 + MAX_AHEAD_SECONDS and 0 or at  -- stored by a release that took any time
end

-- The provider's own record, at its time `at`, says that the bot has the conversation. That ends a hold which an older
-- record made (`transferred`): its end was lost, or comes later than this message. A person's words are no record.
local function restore_control(session, at, now)
  local stored = redis.call('HMGET', key(session), 'owner', 'transferred', 'acted', 'ours')
  at = provider_time(at, now)
  if at > newest_time(stored[4], now) then redis.call('HSET', key(session), 'ours', at) end
  local is_held = stored[1] == 'human' or stored[1] == 'waiting'
  if not is_held or stored[2] ~= '1' or at <= newest_time(stored[3], now) then return end
  set_owner(session, 'bot', now)
  redis.call('HSET', key(session), 'hand_off', '')
  log_entry(session, 'control', cjson.encode({owner = 'bot', actor = 'the provider gives the bot control'}))
end

-- Why a message with this template may not leave, and the code; nil when it may. `template` is its field in
-- tg:template_states, '' for a message without one. A template that is not known is left to the provider.
local function template_refusal(template)
  local state = template ~= '' and redis.call('HGET', 'tg:template_states', template)
  if state and state ~= 'approved' then return 'the template is ' .. state .. ', not approved', 'template' end
end

-- Guarantees L10 and L13: the reason why a voice may not speak now and its code; nil when it may. Every rule about what
-- may leave (a service window, quiet hours) belongs here: say.lua asks when a message is queued, mark.lua before each send.
-- `class` is that of the reply: '1' (proactive), 'confirmation' (of an opt-out or opt-in) or ''. `window` is when the
-- service window closes, for a reply that needs it to be open; nil for any other, and where it is not known.
local function refusal_reason(owner, optout, voice, class, window, now)
  if optout == '1' and class ~= 'confirmation' then return 'the person opted out', 'opted_out' end
  if optout == 'marketing' and class == '1' then return 'the person opted out of marketing', 'opted_out' end
  if voice == 'bot' and (owner == 'human' or owner == 'closed') then
    return 'the session belongs to ' .. owner, owner == 'human' and 'person' or 'closed'
  end
  if window and tonumber(window) <= now then return 'the service window is closed', 'window' end
end
