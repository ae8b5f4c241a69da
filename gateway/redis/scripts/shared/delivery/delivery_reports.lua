-- Failures that a delivery status reports.

-- The kept reply of a sent message: its time, how often it was sent again, and its JSON without these and its key.
local function find_kept(session, id)
  local kept = redis.call('HGET', key(session, ':kept'), id)
  if not kept then return nil end
  local at, resends, rest = kept:match('^(%d+) (%d+) (.*)$')
  return {at = tonumber(at), resends = tonumber(resends), rest = rest}
end

-- Keep a sent reply until its fate is known, or it is too old, or others of its session are newer.
local function keep_reply(session, id, reply)
  local kept = key(session, ':kept')
  redis.call('HSET', kept, id, reply)
  redis.call('PEXPIRE', kept, REPLY_MS)
  if redis.call('HLEN', kept) <= KEPT_LENGTH then return end
  local newest = {}
  for _, each in ipairs(redis.call('LRANGE', key(session, ':recent'), 0, KEPT_LENGTH - 1)) do newest[each] = true end
  for _, each in ipairs(redis.call('HKEYS', kept)) do
    if not newest[each] then redis.call('HDEL', kept, each) end
  end
end

-- The message of which a reply is a part, whether it is sent again or a template in its place.
local function whole_message(reply)
  local name = (reply or ''):gsub('~t?%d+', '')
  return name:match('^(.*)%.%d+$') or name
end

-- Parts of one message are sent again in their order, whichever failed or was reported first: none before an earlier
-- part, and later ones behind this one. `due` is when this one may be sent.
local function add_resend(session, message, due)
  local prefix, id = message:match('^(tg:message:[^:]*:)(.*)$')
  local whole, later, is_later = whole_message(redis.call('HGET', message, 'reply')), {}, true
  for _, other in ipairs(redis.call('LRANGE', key(session, ':recent'), 0, KEPT_LENGTH - 1)) do  -- newest first
    local at = other ~= id and redis.call('ZSCORE', 'tg:resends', prefix .. other)
    if at and whole_message(redis.call('HGET', prefix .. other, 'reply')) == whole then
      if is_later then table.insert(later, 1, prefix .. other) else due = math.max(due, at + 1) end
    end
    if other == id then is_later = false end
  end
  for i, each in ipairs({message, unpack(later)}) do
    redis.call('ZADD', 'tg:resends', 'GT', due + i - 1, each)
  end
  return due
end

-- Schedule a resend of a message. Returns the milliseconds until then, or nil and the reason why there is none.
local function schedule_resend(session, message, kept, pause, now)
  if not kept then return nil, 'it is not kept any more' end
  if kept.resends >= MAX_RESENDS then return nil, 'gave up after ' .. MAX_RESENDS .. ' resends' end
  local wait = math.max(pause, RESEND_MS * 4 ^ kept.resends)
  if kept.at > 0 and now + wait >= kept.at + REPLY_MS then return nil, 'it would be too old to be sent again' end
  return add_resend(session, message, now + wait) - now
end

-- Put a sent reply that was not delivered back into the outbox, under a key of its own: the provider must not take it for
-- the one that it knows. `facts` begin its JSON, each with a comma behind it.
local function send_again(session, reply, id, kept, facts)
  local resends = kept.resends + 1
  local name = reply:gsub(kept.resends > 0 and '~%d+$' or '^$', '') .. '~' .. resends
  local head = string.format('{"committed_at_ms":%d,"resends":%d,%s"key":%s,', kept.at, resends, facts, cjson.encode(name))
  redis.call('RPUSH', key(session, ':out'), head .. kept.rest:sub(2))
  redis.call('HDEL', key(session, ':kept'), id)
  log_entry(session, 'resend', cjson.encode({key = name, id = id}))
end

-- Raise the alarm of the account of a sent message whose status reports a failure of the whole account.
local function raise_account_failure(message, now)
  local stored = redis.call('HMGET', message, 'account', 'entry', 'failure')
  if stored[3] ~= 'account' or not stored[1] then return end
  local report = cjson.decode(stored[2])
  raise_alarm(stored[1], {code = report.code, reason = report.error, at_ms = now})
end

-- Record an opt-out that a failure reports, also of a session that has expired. Returns whether it is one.
local function record_reported_optout(session, failure, now)
  local scope = ({opted_out = '1', opted_out_of_marketing = 'marketing'})[failure]
  if scope then set_optout(session, scope, now) end
  return scope ~= nil
end

-- Guarantee L14: a failure that a status reports is settled as the same answer of the API would be. `message` is the key
-- of a sent message. Returns whether the session has work now.
local function settle_failed_status(message, now)
  local stored = redis.call('HMGET', message, 'session', 'reply', 'entry', 'failure', 'pause')
  local session, reply, failure = stored[1], stored[2], stored[4] or 'permanent'
  local report = cjson.decode(stored[3])
  raise_account_failure(message, now)
  if redis.call('HEXISTS', key(session), 'address') == 0 then return false end  -- erased meanwhile
  local kept, why = find_kept(session, report.id), nil
  if failure == 'temporary' then
    local wait
    wait, why = schedule_resend(session, message, kept, tonumber(stored[5] or 0), now)
    if wait then
      log_entry(session, 'resending', cjson.encode({id = report.id, code = report.code, seconds = wait / 1000}))
      count('resent')
      return false
    end
  end
  if failure == 'window' and kept and kept.rest:find('"fallback":', 1, true) then
    send_again(session, reply, report.id, kept, '"window_closed":true,')
    return true
  end
  redis.call('HDEL', key(session, ':kept'), report.id)
  count_broadcast(reply, 'failed')
  if record_reported_optout(session, failure, now) then
    log_entry(session, 'control', cjson.encode({act = 'opt_out', owner = '', actor = 'status ' .. report.code, at = 0}))
    return schedule_undelivered(session, reply, now, failure)
  end
  local reason = 'status ' .. (report.code ~= '' and report.code .. ': ' or '') .. report.error
  if why then reason = why .. ': ' .. reason end
  local letter = cjson.encode({reason = reason, code = report.code, failure = failure, id = report.id})
  if kept then
    local whole = '{"key":' .. cjson.encode(reply) .. ',' .. kept.rest:sub(2)
    letter = letter:sub(1, -2) .. ',"reply":' .. whole .. '}'
  end
  add_dead_letter(session, letter)
  return schedule_undelivered(session, reply, now, failure)
end
