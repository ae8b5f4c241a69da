-- Append a proactive message to a session's outbox, or tell why it may not leave. ARGV: stamp, session, key, voice,
-- whether the agent's ownership expires (1 or ''), digest of the content, the log entry of an earlier message of this
-- key that is known to have left no trace outside ('' for none), the address and the account of a session that this
-- message opens if there is none ('' if there must be one), whether it opens a new thread where the former one is closed
-- (1 or ''), whether it needs an open service window (1 or ''), the session in whose schedule it was taken (''
-- for a message that is sent at once), the refusal of its template as JSON {code, reason} ('' for none), then reply and
-- log entry for each part. A message of an agent takes the session
-- over. Returns queued, duplicate (the same content again), id_used (another content under the key), full when too many
-- replies wait, unknown_session for one without any message, unscheduled for one that is not taken any more, moved for a
-- contact whose session is in another partition, or a refusal's code.
local missing = find_missing_partitions()
if missing then return missing end
local now, session, id = clock(), ARGV[2], ARGV[3]
local record, part_count, scheduled_in = proactive_record(session, id), (#ARGV - 13) / 2, ARGV[12]
-- Its releaser stood still meanwhile: another one has released it, or it waits again and may have been cancelled since.
if scheduled_in ~= '' and redis.call('HGET', scheduled_record(scheduled_in, id), 'state') ~= 'releasing' then
  return 'unscheduled'
end
if has_left(session, now) then return 'moved' end
local stored = redis.call('HMGET', key(session), 'address', 'owner', 'optout', 'window')
if not stored[1] and ARGV[8] == '' then return 'unknown_session' end

-- A refused message has not used up its key. Earlier releases kept the key in `seen`, without a record.
local function find_use_in(one)
  local earlier = redis.call('HMGET', proactive_record(one, id), 'outcome', 'digest', 'entry')
  if not earlier[1] then
    local seen_at = redis.call('ZSCORE', key(one, ':seen'), id)
    return seen_at and tonumber(seen_at) > now - DEDUP_MS and 'duplicate'
  end
  if earlier[1] ~= 'queued' or earlier[3] == ARGV[7] then return nil end
  return earlier[2] == ARGV[6] and 'duplicate' or 'id_used'
end

-- The key may have been used in a session whose contact has this one since.
local function find_earlier_use()
  local use = find_use_in(session)
  for _, former in ipairs(use and {} or redis.call('SMEMBERS', key(session, ':former'))) do
    use = use or find_use_in(former)
  end
  return use
end

-- Guarantee L13: what may not leave is refused here, before its key is used. mark.lua asks the same again.
local function find_refusal()
  local window = ARGV[11] == '1' and (stored[4] or not stored[1] and 0) or nil
  local reason, code = refusal_reason(stored[2], stored[3], ARGV[4], ARGV[4] == 'bot' and '1' or '', window, now)
  if not reason and ARGV[13] ~= '' then
    local problem = cjson.decode(ARGV[13])
    return problem.reason, problem.code
  end
  if not reason and part_count == 0 then return 'there is nothing to send', 'empty' end
  if not reason then reason, code = stopped_broadcast(id) end
  return reason, code
end

-- The record has the time to live of the deduplication. `entry` is the message's first log entry.
local function write_record(outcome, entry)
  local index, newest = key(session, ':proactive'), 'tg:proactive_session:' .. id
  redis.call('HSET', record, 'outcome', outcome, 'digest', ARGV[6], 'entry', entry, 'parts', part_count)
  redis.call('PEXPIRE', record, DEDUP_MS)
  redis.call('SET', newest, session, 'PX', DEDUP_MS)
  redis.call('ZADD', index, now, id)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', now - DEDUP_MS)
  redis.call('PEXPIRE', index, DEDUP_MS)
end

-- In the same step, or a kill would leave it in both places.
local function leave_schedule_for_good()
  if scheduled_in == '' then return end
  leave_schedule(scheduled_in, id)
  redis.call('DEL', scheduled_record(scheduled_in, id))
end

local earlier_use = find_earlier_use()
if earlier_use then return earlier_use end
-- Whoever opted out under another name of theirs, or in an erased session, still is.
restore_optout(session, now)
stored[3] = redis.call('HGET', key(session), 'optout')
local opens_thread = ARGV[10] == '1' and stored[2] == 'closed'
if opens_thread then stored[2] = 'bot' end
local reason, code = find_refusal()
if reason then
  write_record(code, log_entry(session, 'refused', cjson.encode({key = id, reason = reason, code = code})))
  start_retention_if_idle(session)
  count('silenced')
  if scheduled_in ~= '' then count_left(id, 'refused') end
  leave_schedule_for_good()
  return code
end
if redis.call('LLEN', key(session, ':out')) + part_count > MAILBOX_LENGTH then return 'full' end
if opens_thread then set_owner(session, 'bot', now) end
if opens_thread or not stored[1] then
  redis.call('HSET', key(session), 'address', ARGV[8], 'account', ARGV[9])
  redis.call('HSETNX', key(session), 'window', 0)  -- the contact has not opened it
end
if ARGV[4] == 'person' then
  local held = redis.call('HMGET', key(session), 'silenced', 'hold')
  -- These words do not wait for the bot's limit of replies, nor for hours with its reply, which is refused now.
  if held[1] == REPLIES or tonumber(held[2] or 0) > now + MAX_SILENCE_MS then redis.call('HDEL', key(session), 'hold') end
  clear_timers(session, 'inactivity', 'hand_off', 'undelivered')
  set_owner(session, 'human', now, ARGV[5] == '1')
  redis.call('HSET', key(session), 'heard', now)
end
if redis.call('EXISTS', key(session, ':mail'), key(session, ':out')) == 0 then
  redis.call('HSET', key(session), 'bulk', ARGV[4] == 'bot' and '1' or '')
end
local first_entry
for i = 14, #ARGV, 2 do
  redis.call('RPUSH', key(session, ':out'), stamp_reply(ARGV[i], now))
  local entry = log_entry(session, 'said', ARGV[i + 1])
  first_entry = first_entry or entry
end
write_record('queued', first_entry)
record_activity(session, now)
if not stored[1] then record_terms(session, {(cjson.decode(ARGV[8]).theirs:gsub('^%a+:', ''))}, now) end
count('proactive')
notify_waiting(session)
if scheduled_in == '' then count_entered(id) end
enqueue(session, now, ARGV[1])
leave_schedule_for_good()
return 'queued'
