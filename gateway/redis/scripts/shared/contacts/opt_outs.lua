-- Opt-outs (guarantee L13). A session's field `optout` is what counts: '1' (everything), 'marketing' (proactive messages) or
-- '0'. A record under the names of its contact outlives the session: who writes again is still opted out.

-- The hash of a name with a salt of this server: an erased contact leaves no name behind. Nil if nobody ever opted out.
local function name_digest(name)
  local salt = redis.call('GET', 'tg:optout_salt')
  if not salt then return nil end
  return redis.sha1hex(salt .. name)
end

local function ensure_salt(seed)
  local time = redis.call('TIME')
  redis.call('SET', 'tg:optout_salt', redis.sha1hex(time[1] .. '.' .. time[2] .. seed), 'NX')
end

-- How a name belongs to a session: its own, shared (a consent name, which leads to no session and may be that of others, too),
-- or nil for one that leads to somebody else by now.
local function kind_of_name(session, name)
  if name == session then return 'own' end
  local leads_to = redis.call('HGET', 'tg:person:' .. name, 'session')
  return leads_to == session and 'own' or not leads_to and 'shared' or nil
end

-- The digests of the names of a session's contact: own ones, and shared ones.
local function read_names(session)
  local found = {own = {name_digest(session)}, shared = {}}
  if #found.own == 0 then return found.own, found.shared end
  for _, name in ipairs(redis.call('SMEMBERS', key(session, ':names'))) do
    local digests = name ~= session and found[kind_of_name(session, name)]
    if digests then digests[#digests + 1] = name_digest(name) end
  end
  return found.own, found.shared
end

local function record_under_names(session, scope)
  for _, digests in ipairs({read_names(session)}) do
    for _, digest in ipairs(digests) do redis.call('HSET', 'tg:optout_names', digest, scope) end
  end
end

local function record_optout(session, scope, now)
  ensure_salt(session)
  redis.call('HSET', key(session), 'optout', scope)
  redis.call('PERSIST', key(session))
  redis.call('ZADD', 'tg:optouts', now, session)
  record_under_names(session, scope)
end

local function end_optout(session)
  redis.call('HSET', key(session), 'optout', '0')
  redis.call('ZREM', 'tg:optouts', session)
end

-- Under a shared name '0' stays, so that the contact's other sessions learn of the opt-in.
local function clear_optout(session)
  end_optout(session)
  local own, shared = read_names(session)
  for _, digest in ipairs(own) do redis.call('HDEL', 'tg:optout_names', digest) end
  for _, digest in ipairs(shared) do redis.call('HSET', 'tg:optout_names', digest, '0') end
end

local function add_optout_event(session, previous)
  local scope = redis.call('HGET', key(session), 'optout') or '0'
  local names = {['1'] = 'all', ['0'] = 'none'}
  if scope ~= previous then add_event('optout.changed', session, {scope = names[scope] or scope}) end
end

-- True if a newer wish of the contact is known: webhooks come late and out of order. `at` is the provider's time, perhaps in
-- whole seconds; 0 if it is unknown.
local function is_older_wish(session, at, now)
  return at > 0 and at + 1 <= newest_time(redis.call('HGET', key(session), 'consented'), now)
end

-- `change` is '1' or 'marketing' to opt out, '0' to opt in, or 'resume' to end an opt-out of marketing only. `at` is the
-- provider's time of that, if it is known; a time of this server is not compared with those more exactly than to a minute.
local function set_optout(session, change, now, at)
  local present = redis.call('HGET', key(session), 'optout') or '0'
  redis.call('HSET', key(session), 'consented', at and at > 0 and at or now / 1000 - 60)
  if change == '0' or change == 'resume' and present == 'marketing' then
    clear_optout(session)
  elseif change == '1' or change == 'marketing' and present ~= '1' then
    record_optout(session, change, now)
  end
  add_optout_event(session, present)
end

-- The scope of an opt-out that is kept under the names of a session's contact; nil if there is none, '0' if the contact opted
-- in under a shared name: what is recorded there is the newest.
local function find_optout(session)
  local names, digests = {session}, {name_digest(session)}
  if #digests == 0 then return nil end
  for _, name in ipairs(redis.call('SMEMBERS', key(session, ':names'))) do
    names[#names + 1], digests[#digests + 1] = name, name_digest(name)
  end
  local width, widest = {['0'] = 1, marketing = 2, ['1'] = 3}, {}
  for i, scope in ipairs(redis.call('HMGET', 'tg:optout_names', unpack(digests))) do
    local kind = scope and kind_of_name(session, names[i])
    if kind and (kind == 'shared' or scope ~= '0') and (width[scope] or 0) > (width[widest[kind]] or 0) then
      widest[kind] = scope
    end
  end
  return widest.shared or widest.own
end

-- A new session, or one that another name leads to, is opted out as its contact is; names that were learnt since are too.
local function restore_optout(session, now)
  local present = redis.call('HGET', key(session), 'optout')
  local found = find_optout(session)
  if present == '1' and found ~= '0' then return record_under_names(session, '1') end
  if not found or found == (present or '0') then return end
  local act = 'opt_out'
  if found == '0' then
    act = 'opt_in'
    clear_optout(session)
  else
    record_optout(session, found, now)
  end
  add_optout_event(session, present or '0')
  log_entry(session, 'control', cjson.encode({act = act, owner = '', actor = 'an earlier ' .. act:gsub('_', '-'), at = 0}))
end

-- What a message changes that asks for an opt-out or opt-in; nil for nothing. An opt-in is one only while the contact is
-- opted out, and an opt-out only while not: any other message keeps its words for the dialog.
local function find_change(session, request)
  local present = redis.call('HGET', key(session), 'optout')
  local change = ({opt_out = '1', marketing_opt_out = 'marketing', opt_in = '0'})[request]
  if request == 'opt_in' then return present == '1' and change or nil end
  return present ~= '1' and present ~= change and change or nil
end

-- Guarantee L13: the message, which was written at `at`, opts the contact out or in. Returns whether it has changed anything.
local function apply_optout_request(session, request, now, at)
  local change = find_change(session, request)
  if not change or change == '0' and is_older_wish(session, at, now) then return false end
  set_optout(session, change, now, at)
  log_entry(session, 'control', cjson.encode({act = request, owner = '', actor = 'contact', at = 0}))
  return true
end
