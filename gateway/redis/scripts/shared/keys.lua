-- Keys, clock and log. The files of this folder are put in front of every script, after the constants that
-- gateway/redis/lua.py writes and in the order that it names.
--
-- Keys of one session share a hash tag:
--   tg:{s}        hash    owner optout state node address account | fence nonce lease | job hold | tries started sends losses
--                         waits marked marked_at slot unknown | gather burst quiet overflow | inactivity hand_off undelivered
--                         undelivered_as expires lapses acted wrote contact
--                         marked_to transferred ours window bulk known asked zone repeated patience heard templates left last_due
--                         terms (those indexed and the day, so that they are written once a day)
--                         rate today said tokens replied silenced (abuse.lua)
--                         consented opted_in (opt_outs.lua)
--   tg:{s}:mail   list    accepted turns, not yet committed
--   tg:{s}:out    list    committed replies, not yet settled
--   tg:{s}:seen   zset    deduplication: provider ids of received messages, by time
--   tg:{s}:recent list    provider ids of sent messages
--   tg:{s}:kept   hash    sent replies that may have to be sent again, by provider id
--   tg:{s}:held   list    replies that wait for the contact's next message, which opens the service window
--   tg:{s}:log    stream  log of the session
--   tg:{s}:participants   set   sessions of participants of the same conversation
--   tg:{s}:terms  set     terms by which the console finds the session: in tg:term:*
--   tg:{s}:former set     sessions whose contact has this one since (resolve_names.lua): what they have seen is not new here
--   tg:{s}:names  set     names of its contact, which lead here (gateway/redis/records/contacts/identities.py)
--   tg:{s}:retired set    names that its contact gave up
--   tg:{s}:proactive      zset  keys of proactive messages, by time
--   tg:proactive:{s}:*    hash  a proactive message by its key: outcome (queued or a refusal's code), digest of the content,
--                               entry (its first log entry), parts
--   tg:{s}:scheduled      set   keys of scheduled messages
--   tg:scheduled:{s}:*    hash  a scheduled message by its key: state (waiting, releasing, cancelled, refused), due, digest,
--                               message, reason, code
-- and, for all sessions:
--   tg:due        zset    session by the time at which the sweeper must check it
--   tg:conversations zset session by the time of the last message of the contact, an agent or the business
--   tg:term:*     zset    sessions of a contact's number, address, ID or name, by the time of the last message;
--                         tg:term:=*: of a word of its texts, as a keyed digest (index_words.lua)
--   tg:ready:*    zset    an account's sessions that have a job in the queue, by the time it was enqueued
--   tg:backlog:*  zset    sessions that wait because their account has too many jobs
--   tg:message:*  hash    a sent message's status by the provider's id
--   tg:resends    zset    sent messages that are sent again, by the time of that
--   tg:schedule   zset    scheduled messages, [session, key] as JSON, by the time at which they are due
--   tg:proactive_session:*  string  the session of the newest proactive message of a key
--   tg:counts     hash    counters
--   tg:traffic:*  hash    counters of messages, replies and waits by account, for each minute since the epoch (measures.lua)
--   tg:flow_traffic:*  hash  counters of conversations by channel, node and day (node_traffic.lua)
--   tg:unanswered zset    sessions with a message that is not answered, by the time of the oldest one
--   tg:statuses:* hash    counters of delivery statuses by channel, status and class, for each hour since the epoch
--   tg:broadcasts zset    broadcasts by the time of their start; tg:broadcasts_running: a set of those with rows left
--   tg:broadcast:*  hash  definition state total digest loader | holder held_until | processed queued skipped sent refused rejected
--                         rerouted delivered read failed | started_ms ended_ms
--   tg:broadcast_rows:*  list  recipients; tg:broadcast_outcomes:* hash by row; tg:broadcast_sessions:* hash row by session
--   tg:alarms     hash    the last failure of an account that a status reported, by account
--   tg:template_states    hash    status of each message template that is not approved, by channel|language|name
--   tg:template_changes   hash    what events said of a template since the list was read: "ms value" by its field|aspect
--   tg:template_sync:*    string  a channel's list of templates is read, or not due yet
--   tg:dead       stream  dead letters
--   tg:desk       zset    sessions that wait for an agent or have one, by the time of the last change
--   tg:optouts    zset    sessions that are opted out, by the time of that
--   tg:optout_names  hash   the scope of an opt-out by the salted digest of a contact's name
--   tg:optout_salt   string the salt of these digests
--   tg:erased     zset    salted digests of erased messages, by the time of that (erasures.lua)
--   tg:paused     zset    open circuit breakers: accounts by the time of the next probe
--   tg:workers    zset    workers by the time of their last heartbeat
--   tg:probe      zset    what the readiness check wrote; expires after a minute
--   tg:confirmed  string what a confirmation by replicas wrote (replication.py); expires after a minute
--   tg:failing:*  zset    replies of an account that failed since its last success, by time; as many as open its breaker
--   tg:failures   hash    how often the circuit breaker opened since the last success, by account
--   tg:reasons    hash    the error that opened the circuit breaker, by account
--   tg:throttled:*  string  until when the sends of an account or number pause, because of a rate limit of the provider
--   tg:pace:*     string  rate limit: theoretical arrival time of the next send of a number or account
--   tg:hooks, tg:hook*, tg:events     subscriptions of the operator's systems (events.lua, hooks/take_events.lua)
--   tg:place:*    string  with several partitions: that of a contact's name; tg:sent_in:*: that of a sent message;
--                         tg:partitions: over how many new contacts are spread (gateway/partitions)
--   tg:data_keys  hash    data keys, wrapped (gateway/redis/encryption)
--   tg:audit      stream  acts of operators; tg:{access}:*: their sessions, wrong keys (admit_credential.lua), salt
--
-- Out of memory, the server refuses a script only at its first write, never later, so no script is applied
-- partially. accept.lua therefore begins with a write that is refused then (ZADD), not with one that passes (ZREM).

-- Current time in milliseconds. It does not change while a script runs, so it is read once.
local cached_time
local function clock()
  if not cached_time then
    local time = redis.call('TIME')
    cached_time = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return cached_time
end

local function key(session, part)
  return 'tg:{' .. session .. '}' .. (part or '')
end

local function proactive_record(session, id)
  return 'tg:proactive:{' .. session .. '}:' .. id
end

-- An alarm's reason is the provider's text, which may quote a number.
local function raise_alarm(account, about)
  redis.call('HSET', 'tg:alarms', account, cjson.encode(about))
  redis.call('PEXPIRE', 'tg:alarms', RETENTION_MS)
end

local function log_entry(session, kind, entry)
  if event_of_entry[kind] then add_event(event_of_entry[kind], session, entry) end
  return redis.call('XADD', key(session, ':log'), 'MAXLEN', '~', LOG_LENGTH, '*', 'k', kind, 'd', entry)
end

local are_conversations_trimmed = false  -- by this script run

-- The console lists conversations by their last message.
local function record_activity(session, now)
  redis.call('ZADD', 'tg:conversations', now, session)
  if are_conversations_trimmed then return end
  redis.call('ZREMRANGEBYSCORE', 'tg:conversations', '-inf', now - RETENTION_MS)
  are_conversations_trimmed = true
end

local DAY_MS, SESSIONS_OF_TERM = 86400000, 1000

-- The console finds a conversation by its contact's identifiers and names. Each term leads to the newest sessions.
-- `recorded` is the session's field `terms`.
local function record_terms(session, terms, now, recorded)
  local present = table.concat(terms, '\n') .. '\n' .. math.floor(now / DAY_MS)
  if recorded == present then return end
  redis.call('HSET', key(session), 'terms', present)
  for _, term in ipairs(terms) do
    local index = 'tg:term:' .. term
    redis.call('ZADD', index, now, session)
    redis.call('ZREMRANGEBYRANK', index, 0, -SESSIONS_OF_TERM - 1)
    redis.call('PEXPIRE', index, RETENTION_MS + DAY_MS)
    redis.call('SADD', key(session, ':terms'), term)
  end
  redis.call('PEXPIRE', key(session, ':terms'), RETENTION_MS + DAY_MS)
end
