-- Changes of who has a session by what comes in: a contact's message, an agent's act, the provider's record.

-- The time of the contact's last message, if the provider states it: an older close event is ignored.
local function record_message_time(session, entry, now)
  local at = tonumber(entry:match('"at":([%d.]+)') or '')  -- inside a text the quotes would be escaped
  at = at and provider_time(at, now)
  local last_message = at and newest_time(redis.call('HGET', key(session), 'wrote'), now)
  if at and at > last_message then redis.call('HSET', key(session), 'wrote', at) end
end

-- A message reopens a closed session, and returns one to the bot whose agent ownership has expired. `owner` and `lapses` are
-- the session's fields.
local function return_to_bot(session, owner, lapses, now)
  local has_lapsed = lapses and tonumber(lapses) <= now
  if owner ~= 'closed' and not has_lapsed then return end
  set_owner(session, 'bot', now)
  clear_timers(session, 'hand_off')  -- no agent is expected any more
  log_entry(session, 'control', cjson.encode({owner = 'bot', actor = has_lapsed and 'lapse' or 'reopen'}))
end

-- True if a newer act is known, or a newer record of the provider contradicts a transfer. Some providers state whole seconds:
-- what the contact wrote in the second of a close is still answered.
local function is_stale(session, owner, at, by_transfer, now)
  local stored = redis.call('HMGET', key(session), 'wrote', 'acted', 'ours', 'owner')
  local wrote = newest_time(stored[1], now)
  if owner == 'closed' and at < wrote then return true end
  if owner == 'closed' and at == wrote and (stored[4] or 'bot') == 'bot' then
    if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) > 0 then return true end
  end
  if by_transfer == '1' and at < newest_time(stored[3], now) then return true end
  return at < newest_time(stored[2], now)
end

-- An opt-out or opt-in; it changes no owner.
local function record_consent(session, optout, entry, at, now)
  if is_older_wish(session, at, now) then return 'stale' end
  set_optout(session, optout, now, at)
  redis.call('HSET', key(session), 'heard', now)
  log_entry(session, 'control', entry)
  return 'new'
end

local function record_control(session, owner, optout, entry, lapses, by_transfer, now)
  local at = provider_time(cjson.decode(entry).at, now)
  if optout ~= '' then return record_consent(session, optout, entry, at, now) end
  if owner == 'bot' then end_silence(session, 'operator') end
  if at > 0 then
    if is_stale(session, owner, at, by_transfer, now) then return 'stale' end
    redis.call('HSET', key(session), 'acted', at)
  end
  redis.call('HSET', key(session), 'heard', now)
  local previous = redis.call('HGET', key(session), 'owner') or 'bot'
  if owner ~= '' and (owner ~= 'waiting' or previous == 'bot') then  -- a hand-off request does not displace an agent
    clear_timers(session, 'inactivity', 'hand_off', 'undelivered')
    set_owner(session, owner, now, lapses == '1')
  end
  if by_transfer == '1' then redis.call('HSET', key(session), 'transferred', '1') end
  log_entry(session, 'control', entry)
  return 'new'
end

-- The provider has merged the conversation of another session into that of this one: an agent who has it, and an
-- opt-out there, count here. It ends, and what waits in it goes to this address.
local function absorb(session, other, address, now)
  local theirs = redis.call('HMGET', key(other), 'address', 'owner', 'optout', 'transferred')
  if not (theirs[1] or theirs[2] or theirs[3]) then return end
  if theirs[1] then redis.call('HSET', key(other), 'address', address) end
  clear_timers(other, 'inactivity', 'hand_off', 'undelivered')
  if theirs[3] and theirs[3] ~= '0' then
    end_optout(other)
    set_optout(session, theirs[3], now)
  end
  if theirs[2] ~= 'human' and theirs[2] ~= 'waiting' then return end
  local owner = redis.call('HGET', key(session), 'owner')
  if owner ~= 'human' and owner ~= theirs[2] then
    clear_timers(session, 'inactivity', 'hand_off', 'undelivered')
    set_owner(session, theirs[2], now)
    if theirs[4] then redis.call('HSET', key(session), 'transferred', theirs[4]) end
    log_entry(session, 'control', cjson.encode({owner = theirs[2], actor = 'a merged conversation'}))
  end
  set_owner(other, 'closed', now)
  log_entry(other, 'control', cjson.encode({owner = 'closed', actor = 'merged into another conversation'}))
end
