-- Guarantees L2, L3, L8, L15: record all events of one or more requests. ARGV: stamp, then nine for each event: kind,
-- session (or message key), id, two values by kind, log entry, policy, account, whether the agent's ownership expires
-- (1 or ''); for a control event the policy is whether a transfer made it (1 or ''); for a status the last three are
-- its class of failure, the milliseconds before a resend, and the channel; for a message the last is '' or further
-- facts as JSON; for a template the session is its field in tg:template_states, then status, quality and category, an
-- alarm as JSON or '', its channel, and the alarm's name; for a moved contact
-- the policy is JSON of the names that it gave up, the account a session that ends in this one. Returns a result for each.
local now, stamp = clock(), ARGV[1]
local handle = {}
local MESSAGE_FIELDS = {'silenced', 'said', 'rate', 'today', 'owner', 'tokens', 'address', 'account', 'lapses', 'terms', 'job',
  'hold', 'quiet'}

-- True if the id was received in a session whose contact has this one since.
local function was_received_before_joining(session, id)
  for _, former in ipairs(redis.call('SMEMBERS', key(session, ':former'))) do
    if redis.call('ZSCORE', key(former, ':seen'), id) then return true end
  end
  return false
end

-- Deduplication, in the same step as the append. Returns true when the id is new in this session.
local function first_time(session, id)
  if is_erased(session .. ' ' .. id) then return false end
  local seen = key(session, ':seen')
  local new = redis.call('ZADD', seen, 'NX', now, id) == 1
  redis.call('ZREMRANGEBYSCORE', seen, '-inf', now - DEDUP_MS)
  redis.call('PEXPIRE', seen, DEDUP_MS)
  return new and not was_received_before_joining(session, id)
end

-- Guarantee L11. `policy` is '' (one turn at a time), 'interrupt', or a burst's window and cap in milliseconds: while
-- messages arrive within the window, and until the cap, they wait to be merged into one turn.
local function apply_concurrency_policy(session, policy)
  local s = key(session)
  local window, cap = policy:match('^(%d+) (%d+)$')
  if window then
    redis.call('HSETNX', s, 'burst', now)
    local quiet_until = math.min(now + window, redis.call('HGET', s, 'burst') + cap)
    redis.call('HSET', s, 'quiet', quiet_until)
  elseif redis.call('HEXISTS', s, 'lease') == 1 then
    redis.call('PUBLISH', 'tg:arrived', encode_notification(session))
  end
end

-- Guarantee L13: a message over a limit is recorded with its outcome, and not processed.
local function record_unanswered(session, id, entry, reason, address, account)
  redis.call('HSET', key(session), 'address', address, 'account', account, 'heard', now)
  log_entry(session, 'accepted', entry)
  record_activity(session, now)
  record_message_time(session, entry, now)
  local outcome = cjson.encode({turns = {id}, outcome = 'silent_' .. reason, replies = 0})
  log_entry(session, 'committed', outcome)
  notify_waiting(session, 'committed ' .. outcome)
  start_retention_if_idle(session)
end

-- A repeated webhook of a message is a line of its timeline: of many the first three, then each tenth power. A session that
-- has expired stays away, and so does a message that was erased.
local function log_repetition(session, id)
  if redis.call('EXISTS', key(session)) == 0 or not redis.call('ZSCORE', key(session, ':seen'), id) then return end
  local count, last = (redis.call('HGET', key(session), 'repeated') or ''):match('^(%d+) (.*)$')
  local number = last == id and tonumber(count) + 1 or 1
  redis.call('HSET', key(session), 'repeated', number .. ' ' .. id)
  if number > 3 and not tostring(number):match('^10*$') then return end
  log_entry(session, 'duplicate', cjson.encode({turn = id, number = number}))
end

-- The fields of the session that a message of its contact needs, by name. One read: a call costs more than what it returns.
local function read_fields(session)
  local fields = {}
  for i, value in ipairs(redis.call('HMGET', key(session), unpack(MESSAGE_FIELDS))) do fields[MESSAGE_FIELDS[i]] = value end
  return fields
end

local function accept_turn(session, id, turn, address, entry, policy, account, facts)
  if redis.call('LLEN', key(session, ':mail')) >= MAILBOX_LENGTH then
    if redis.call('ZSCORE', key(session, ':seen'), id) then return 'duplicate' end
    redis.call('HSETNX', key(session), 'overflow', 'untold')
    return 'full'
  end
  if not first_time(session, id) then
    log_repetition(session, id)
    return 'duplicate'
  end
  local is_window_open = facts.window and open_window(session, facts.window, entry, now)  -- also by one over a limit
  local result, fields, counted = 'new', read_fields(session), {}
  -- An opt-out is always taken. An opt-in is limited, or the two in turn would be confirmed without end.
  local change = facts.request and find_change(session, facts.request)
  if facts.limits and (not change or change == '0') then
    local reason, is_new
    reason, is_new, counted = abuse_reason(session, account, facts.limits, fields, now)
    if is_new then
      silence(session, reason, now)
      result = 'silenced'
    end
    if reason == 'loop' or reason and not is_new then
      if #counted > 0 then redis.call('HSET', key(session), unpack(counted)) end
      record_unanswered(session, id, entry, reason, address, account)
      return result
    end
    if reason then redis.call('HSET', key(session), 'overflow', 'untold') end  -- this answer carries the notice
  end
  record_contact(session, facts)
  if facts.has_names or not fields.address then restore_optout(session, now) end
  if fields.account and fields.account ~= account then redis.call('ZREM', 'tg:ready:' .. fields.account, session) end
  if facts.request and apply_optout_request(session, facts.request, now, facts.at) then turn = facts.request_turn end
  if facts.author or facts.request then fields = read_fields(session) end  -- a new contact's dialog starts anew
  redis.call('RPUSH', key(session, ':mail'), turn)
  begin_wait(session, now)
  return_to_bot(session, fields.owner, fields.lapses, now)
  if facts.ours then restore_control(session, facts.ours, now) end
  local changes = {'address', address, 'gather', policy == '' and '' or '1', 'account', account, 'bulk', '',
    'inactivity', '', 'undelivered', '', 'heard', now, unpack(counted)}  -- a message cancels these timers
  if facts.known then
    changes[#changes + 1] = 'known'
    changes[#changes + 1] = facts.known
  end
  redis.call('HSET', key(session), unpack(changes))
  log_entry(session, 'accepted', entry)
  record_activity(session, now)
  if facts.terms then record_terms(session, facts.terms, now, fields.terms) end
  record_message_time(session, entry, now)
  if is_window_open then release_held(session, now) end
  if policy ~= '' then
    apply_concurrency_policy(session, policy)
    enqueue(session, now, stamp)
  else
    enqueue(session, now, stamp, {fields.job, fields.hold, fields.quiet, account, ''})
  end
  return result
end

-- Who speaks in a conversation speaks in all its sessions. An act that was on its way to a session which has been joined with
-- another one since counts in that; an opt-out counts for what still waits here, too.
function handle.control(received_in, id, owner, optout, entry, by_transfer, account, lapses)
  local session = present_session(received_in)
  if session ~= received_in and optout ~= '' then set_optout(received_in, optout, now) end
  if not first_time(session, id) then return 'duplicate' end
  local result = record_control(session, owner, optout, entry, lapses, by_transfer, now)
  start_retention_if_idle(session)
  for _, own in ipairs(redis.call('SMEMBERS', key(session, ':participants'))) do
    if redis.call('EXISTS', key(own)) == 1 then
      record_control(own, owner, '', entry, lapses, by_transfer, now)
    end
  end
  return result
end

-- Guarantee L15: a participant's message is recorded beside the contact's dialog, which it never reaches. By the policy
-- nothing more follows, or an agent is to take over, or it is a turn in a session of the participant.
local function accept_participant(session, id, turn, address, entry, policy, account, facts)
  if facts.own_session then
    local is_new = redis.call('EXISTS', key(facts.own_session)) == 0
    local own_entry = facts.own_entry or entry  -- an encrypted entry is readable in its own session only
    local result = accept_turn(facts.own_session, id, facts.own_turn, address, own_entry, policy, account, {})
    if result ~= 'new' then return result end
    if is_new then add_own_session(session, facts.own_session, now) end
  end
  if not first_time(session, id) then return 'duplicate' end
  log_entry(session, 'participant', entry)
  record_activity(session, now)
  if facts.take_over then record_control(session, 'human', '', facts.take_over, '', '', now) end
  start_retention_if_idle(session)
  return 'new'
end

-- A contact edited or deleted a message. It is recorded where there is a session; one that expired stays away.
function handle.activity(session, id, _, _, entry)
  if redis.call('EXISTS', key(session)) == 0 then return 'stale' end
  if not first_time(session, id) then return 'duplicate' end
  log_entry(session, 'activity', entry)
  start_retention_if_idle(session)
  return 'new'
end

function handle.turn(session, id, turn, address, entry, policy, account, facts)
  facts = facts ~= '' and cjson.decode(facts) or {}
  if is_participant(session, facts) then
    count_class('messages', account, 'participant')
    return accept_participant(session, id, turn, address, entry, policy, account, facts), 'participant'
  end
  local result = accept_turn(session, id, turn, address, entry, policy, account, facts)
  count_class('messages', account, result)
  if (result == 'new' or result == 'silenced') and facts.ours then
    for _, own in ipairs(redis.call('SMEMBERS', key(session, ':participants'))) do
      if redis.call('EXISTS', key(own)) == 1 then restore_control(own, facts.ours, now) end
    end
  end
  return result
end

function handle.participant(session, id, turn, address, entry, policy, account, facts)
  count_class('messages', account, 'participant')
  return accept_participant(session, id, turn, address, entry, policy, account, cjson.decode(facts))
end

function handle.status(message, status, rank, session_key, entry, failure, pause, channel)
  local stored = redis.call('HMGET', message, 'rank', 'session', 'reply', 'status')
  local known_rank = tonumber(stored[1] or 0)
  -- What was reported as failed has arrived after all: it need not be sent again.
  local has_arrived = status == 'delivered' or status == 'read'
  local ends_resend = has_arrived and redis.call('ZSCORE', 'tg:resends', message)
  local is_settled_later = has_arrived and stored[4] == 'failed' and not stored[2]  -- by sent.lua
  if tonumber(rank) <= known_rank and not (ends_resend or is_settled_later) then return 'stale' end
  if not stored[1] and not stored[2] and is_erased(message) then return 'stale' end
  redis.call('HSET', message, 'rank', math.max(tonumber(rank), known_rank), 'status', status, 'entry', entry,
    'failure', failure, 'pause', pause)
  redis.call('PEXPIRE', message, DEDUP_MS)
  if ends_resend then redis.call('ZREM', 'tg:resends', message) end
  count_status(channel, status, failure)
  if not stored[2] then return 'early' end
  local session = stored[2]
  if redis.call('EXISTS', key(session)) == 0 then  -- erased or expired: its log stays away
    if status == 'failed' then
      raise_account_failure(message, now)
      record_reported_optout(session, failure, nil, now)
    end
    return 'new'
  end
  log_entry(session, 'status', entry)
  extend_window(session, entry, now)
  if status == 'failed' then
    if stored[3] and settle_failed_status(message, now) then enqueue(session, now, stamp) end
  elseif has_arrived then
    count_broadcast(stored[3], status)
    redis.call('HDEL', key(session, ':kept'), cjson.decode(entry).id)
  end
  return 'new'
end

-- The contact has another address: what waits goes there, too (mark.lua). `at` is the provider's time of that, or ''.
-- `absorbed` is a session that ends in this one, or ''.
function handle.moved(session, id, address, at, entry, retired, absorbed)
  local stored = redis.call('HMGET', key(session), 'address', 'wrote')
  if not stored[1] then return 'unknown' end
  if not first_time(session, id) then return 'duplicate' end
  if absorbed ~= '' then
    absorb(session, absorbed, address, now)
    start_retention_if_idle(absorbed)
  end
  if at ~= '' and provider_time(tonumber(at), now) < newest_time(stored[2], now) then return 'stale' end
  redis.call('HSET', key(session), 'address', address)
  for _, name in ipairs(cjson.decode(retired)) do  -- whoever gets this number has not opted out
    local digest = name_digest(name)
    if digest then redis.call('HDEL', 'tg:optout_names', digest) end
  end
  log_entry(session, 'moved', entry)
  start_retention_if_idle(session)
  return 'new'
end

-- A message template changed. What an event says stands until the list, which is read again soon, says something newer;
-- mark.lua asks for the state. Events come out of order, which that list puts right. `alarm` is '' or JSON.
function handle.template(field, status, quality, category, alarm, channel, alarm_key)
  for aspect, value in pairs({status = status, quality = quality, category = category}) do
    if value ~= '' then redis.call('HSET', 'tg:template_changes', field .. '|' .. aspect, now .. ' ' .. value) end
  end
  if status ~= '' then
    redis.call('HSET', 'tg:template_states', field, status)
    redis.call('DEL', 'tg:template_sync:' .. channel)
  end
  if alarm ~= '' then
    local about = cjson.decode(alarm)
    about.at_ms = now
    raise_alarm(alarm_key, about)
  elseif status == 'approved' or quality == 'green' then
    redis.call('HDEL', 'tg:alarms', alarm_key)
  end
  return 'new'
end

function handle.ignored() return 'counted' end

local missing = find_missing_partitions()
if missing then return missing end
local OF_CONTACT = {turn = true, participant = true, control = true, activity = true, moved = true}
local results = {}
for i = 2, #ARGV, 9 do
  local kind = ARGV[i]
  local result, counted_as = 'moved', nil
  if OF_CONTACT[kind] and has_left(ARGV[i + 1], now) then
    -- an opt-out counts here, too, for what still waits
    if kind == 'control' and ARGV[i + 4] ~= '' then set_optout(ARGV[i + 1], ARGV[i + 4], now) end
  else
    result, counted_as = handle[kind](ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6],
      ARGV[i + 7], ARGV[i + 8])
  end
  count((counted_as or kind) .. ':' .. (kind == 'ignored' and ARGV[i + 1] or result))
  results[#results + 1] = result
end
return results
