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

local function name_digests(session)
  local digests = {name_digest(session)}
  if #digests == 0 then return digests end
  for _, name in ipairs(redis.call('SMEMBERS', key(session, ':names'))) do
    if name ~= session then digests[#digests + 1] = name_digest(name) end
  end
  return digests
end

local function record_optout(session, scope, now)
  ensure_salt(session)
  redis.call('HSET', key(session), 'optout', scope)
  redis.call('PERSIST', key(session))
  redis.call('ZADD', 'tg:optouts', now, session)
  for _, digest in ipairs(name_digests(session)) do redis.call('HSET', 'tg:optout_names', digest, scope) end
end

local function clear_optout(session)
  redis.call('HSET', key(session), 'optout', '0')
  redis.call('ZREM', 'tg:optouts', session)
  for _, digest in ipairs(name_digests(session)) do redis.call('HDEL', 'tg:optout_names', digest) end
end

local function add_optout_event(session, previous)
  local scope = redis.call('HGET', key(session), 'optout') or '0'
  local names = {['1'] = 'all', ['0'] = 'none'}
  if scope ~= previous then add_event('optout.changed', session, {scope = names[scope] or scope}) end
end

-- `change` is '1' or 'marketing' to opt out, '0' to opt in, or 'resume' to end an opt-out of marketing only.
local function set_optout(session, change, now)
  local present = redis.call('HGET', key(session), 'optout') or '0'
  if change == '0' or change == 'resume' and present == 'marketing' then
    clear_optout(session)
  elseif change == '1' or change == 'marketing' and present ~= '1' then
    record_optout(session, change, now)
  end
  add_optout_event(session, present)
end

-- The scope of an opt-out that is kept under the names of a session's contact; nil if there is none.
local function find_optout(session)
  local digests, found = name_digests(session), nil
  if #digests == 0 then return nil end
  for _, scope in ipairs(redis.call('HMGET', 'tg:optout_names', unpack(digests))) do
    if scope == '1' or scope and not found then found = scope end
  end
  return found
end

-- A new session, or one that another name leads to, is opted out as its contact is; names that were learnt since are too.
local function restore_optout(session, now)
  local present = redis.call('HGET', key(session), 'optout')
  if present == '1' then
    for _, digest in ipairs(name_digests(session)) do redis.call('HSET', 'tg:optout_names', digest, '1') end
    return
  end
  local found = find_optout(session)
  if not found or found == present then return end
  record_optout(session, found, now)
  add_optout_event(session, present)
  log_entry(session, 'control', cjson.encode({act = 'opt_out', owner = '', actor = 'an earlier opt-out', at = 0}))
end

-- Guarantee L13: the message opts the contact out or in. An opt-in is one only while the contact is opted out, and an
-- opt-out only while not: any other message keeps its words for the dialog. Returns whether it has changed anything.
local function apply_optout_request(session, request, now)
  local present = redis.call('HGET', key(session), 'optout')
  local change = ({opt_out = '1', marketing_opt_out = 'marketing', opt_in = '0'})[request]
  if request == 'opt_in' then
    if present ~= '1' then return false end
  elseif present == '1' or present == change then
    return false
  end
  set_optout(session, change, now)
  log_entry(session, 'control', cjson.encode({act = request, owner = '', actor = 'contact', at = 0}))
  return true
end
