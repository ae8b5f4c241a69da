-- The session of each contact by its identifiers (gateway/redis/records/contacts/identities.py).
-- ARGV[1]: retention of an identifier, in ms. ARGV[2]: a list of {id, names, numbers, consent, meet, known, linked, retired};
-- `id` is that of the message, of which nothing is stored if it was erased; `meet` links all names to the session of the
-- first one that has a session, with `known` only if one has; without `linked` no name is linked; `numbers` are names that
-- may be given to somebody else; `consent` are names that lead to no session and share its opt-out with others; a name in
-- `retired` leads to a new one afterwards. Returns a session for each item. `tg:{session}:names` holds the names of a
-- session, for its erasure and its opt-out.
local function add_name(name, session)
  redis.call('SADD', 'tg:{' .. session .. '}:names', name)
  redis.call('PEXPIRE', 'tg:{' .. session .. '}:names', ARGV[1])
end
local function remember(name, session, with, is_others)
  local key = 'tg:person:' .. name
  if is_others then redis.call('DEL', key) end
  redis.call('HSET', key, 'session', session)
  redis.call('HSETNX', key, 'with', with)
  if with ~= '' and redis.call('HGET', key, 'with') == '' then redis.call('HSET', key, 'with', with) end
  redis.call('PEXPIRE', key, ARGV[1])
  add_name(name, session)
end
-- whoever has this name from now on is somebody else, with a session of their own
local function retire(name, session)
  local key = 'tg:person:' .. name
  redis.call('HSET', key, 'session', name .. ':' .. redis.sha1hex(session):sub(1, 8), 'with', '')
  redis.call('PEXPIRE', key, ARGV[1])
  redis.call('SREM', 'tg:{' .. session .. '}:names', name)
  redis.call('SADD', 'tg:{' .. session .. '}:retired', name)
  redis.call('PEXPIRE', 'tg:{' .. session .. '}:retired', ARGV[1])
end
-- Names of one contact led to two sessions: what `former` has received and sent is not new in the one that stays.
local function follow(former, session)
  local key = 'tg:{' .. session .. '}:former'
  redis.call('SUNIONSTORE', key, key, 'tg:{' .. former .. '}:former')
  redis.call('SADD', key, former)
  redis.call('SREM', key, session)  -- which was joined with `former` the other way round before
  redis.call('PEXPIRE', key, DEDUP_MS)
end
-- The session and the name that a name was seen with; a contact with one identifier has a session without a name.
local function find_stored(name)
  local stored = redis.call('HMGET', 'tg:person:' .. name, 'session', 'with')
  if not stored[1] and redis.call('EXISTS', 'tg:{' .. name .. '}') == 1 then return name, '' end
  return stored[1], stored[2]
end
local function is_held(session)
  local owner = redis.call('HGET', 'tg:{' .. session .. '}', 'owner')
  return owner == 'human' or owner == 'waiting'
end
local function is_of_erased_message(item)
  if item.id == '' then return false end
  for _, name in ipairs(item.names) do
    if is_erased(name .. ' ' .. item.id) then return true end
  end
  return false
end
local sessions = {}
for i, item in ipairs(cjson.decode(ARGV[2])) do
  local first, session, others, retired, retired_session = item.names[1], nil, {}, {}, nil
  local found = {}
  local is_number = {}
  for _, name in ipairs(item.numbers) do is_number[name] = true end
  for _, name in ipairs(item.retired) do retired[name] = true end
  for index, name in ipairs(item.names) do
    local stored, with = find_stored(name)
    -- phone numbers are reassigned: a name seen with another reliable name belongs to another contact now
    local is_certain = item.meet or index == 1 or not is_number[name]
    local belongs = stored and (is_certain or with == '' or with == first)
    if belongs and retired[name] then
      retired_session = retired_session or stored
    elseif belongs then
      found[#found + 1] = stored
      -- two sessions of one contact: an agent who has one of them has the conversation
      local takes_over = session and session ~= stored and (item.known or not item.meet)
      if not session or (takes_over and is_held(stored) and not is_held(session)) then
        session = stored
      end
    end
    others[index] = stored and not belongs
  end
  -- the new name may be one that somebody gave up, and that nobody has used since
  if retired_session and not (session and redis.call('EXISTS', 'tg:{' .. session .. '}') == 1) then
    session = retired_session
  end
  local stays_unknown = not session and (item.known or is_of_erased_message(item))
  session = session or first
  for index, name in ipairs((stays_unknown or not item.linked) and {} or item.names) do
    if not retired[name] then
      remember(name, session, (index == 1 or item.meet) and '' or first, others[index])
    end
  end
  for _, name in ipairs(item.consent) do
    if not stays_unknown then add_name(name, session) end
  end
  for name in pairs(retired) do
    if (redis.call('HGET', 'tg:person:' .. name, 'session') or name) == session then
      retire(name, session)
    end
  end
  for _, former in ipairs(stays_unknown and {} or found) do
    if former ~= session then follow(former, session) end
  end
  sessions[i] = session
end
return sessions
