-- People in a conversation beside its contact (guarantee L15).

-- True if the provider has merged these two names (gateway/redis/records/contacts/identities.py).
local function is_same_person(one, other)
  if one == other then return true end
  local function known_as(name) return redis.call('HGET', 'tg:person:' .. name, 'session') or name end
  return known_as(one) == known_as(other)
end

-- True if somebody else than the session's contact wrote. `facts` are those of a turn: its author, if it is not certain
-- who that is, and whether the provider says that the author is the contact.
local function is_participant(session, facts)
  if not facts.author or facts.is_contact then return false end
  local contact = redis.call('HGET', key(session), 'contact')
  return contact and not is_same_person(contact, facts.author)
end

-- An opt-out of the former contact is not that of the new one, whose names are `names`. It stays under the former's names.
local function forget_consent(session, names)
  local present, are_new = redis.call('HGET', key(session), 'optout') or '0', {}
  for _, name in ipairs(names or {}) do are_new[name] = true end
  for _, name in ipairs(redis.call('SMEMBERS', key(session, ':names'))) do
    local is_linked = name == session or redis.call('EXISTS', 'tg:person:' .. name) == 1
    if not is_linked and not are_new[name] then redis.call('SREM', key(session, ':names'), name) end
  end
  redis.call('HDEL', key(session), 'consented')
  if present == '0' then return end
  end_optout(session)
  for _, digest in ipairs((read_names(session))) do redis.call('HDEL', 'tg:optout_names', digest) end
  add_optout_event(session, present)
end

-- Who writes first is the contact. If the provider names another one, what the bot knows is not theirs: it starts anew.
local function record_contact(session, facts)
  if not facts.author then return end
  local contact = redis.call('HGET', key(session), 'contact')
  if contact and is_same_person(contact, facts.author) then return end
  redis.call('HSET', key(session), 'contact', facts.author)
  if not contact then return end
  forget_dialog(session)
  forget_consent(session, facts.consent)
end

-- A participant's own session belongs to the same conversation, so an agent who has that has this one too.
local function add_own_session(session, own, now)
  local owner = redis.call('HGET', key(session), 'owner')
  redis.call('SADD', key(session, ':participants'), own)
  redis.call('PEXPIRE', key(session, ':participants'), RETENTION_MS)
  if owner == 'human' or owner == 'waiting' then set_owner(own, owner, now) end
end
