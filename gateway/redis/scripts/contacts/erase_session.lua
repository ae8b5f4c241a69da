-- Erase a session (GDPR) in one step: a worker that holds it loses its lease, and its messages are not taken again. Of an
-- opt-out, also one of an earlier release, only its scope stays, under a salted hash of each name. ARGV: session, then the
-- ends of its keys. Returns how many opt-outs were kept, then what was removed: kinds, each with its count.
local session, now = ARGV[1], clock()
local s = key(session)
local stored = redis.call('HMGET', s, 'account', 'optout', 'job', 'state')
local names = redis.call('SMEMBERS', key(session, ':names'))
local answer = {0}

local function add(kind, number)
  if number == 0 then return end
  answer[#answer + 1] = kind
  answer[#answer + 1] = number
end

local function keep_optout()
  if not stored[2] or stored[2] == '0' then return end
  record_optout(session, stored[2], now)
  answer[1] = 1
end

local function mark_received()
  local marks = {}
  for _, id in ipairs(redis.call('ZRANGE', key(session, ':seen'), 0, -1)) do
    marks[#marks + 1] = session .. ' ' .. id
    for _, name in ipairs(names) do
      if name ~= session then marks[#marks + 1] = name .. ' ' .. id end
    end
  end
  mark_erased(marks, now)
end

local function forget_newest(id)
  local newest = 'tg:proactive_session:' .. id
  if redis.call('GET', newest) == session then redis.call('DEL', newest) end
end

local function delete_proactive()
  local ids = redis.call('ZRANGE', key(session, ':proactive'), 0, -1)
  for _, id in ipairs(ids) do
    forget_newest(id)
    redis.call('DEL', proactive_record(session, id))
  end
  add('records of proactive messages', #ids)
  local scheduled = redis.call('SMEMBERS', key(session, ':scheduled'))
  for _, id in ipairs(scheduled) do
    forget_newest(id)
    redis.call('DEL', scheduled_record(session, id))
    leave_schedule(session, id)
    count_left(id, 'refused')
  end
  add('scheduled messages', #scheduled)
end

local function count_unsent()
  local unsent = redis.call('LRANGE', key(session, ':out'), 0, -1)
  for _, reply in ipairs(unsent) do count_left(stored_field(reply, 'key'), 'refused') end
  add('unsent replies', #unsent)
end

local function delete_names()
  local deleted = 0
  for _, name in ipairs(names) do
    local person = 'tg:person:' .. name
    if redis.call('HGET', person, 'session') == session then deleted = deleted + redis.call('DEL', person) end
  end
  -- a number that the contact gave up, unless its next owner has written (resolve_names.lua)
  for _, name in ipairs(redis.call('SMEMBERS', key(session, ':retired'))) do
    local person = 'tg:person:' .. name
    local next_session = redis.call('HGET', person, 'session')
    if next_session and redis.call('EXISTS', key(next_session)) == 0 then deleted = deleted + redis.call('DEL', person) end
  end
  add('identity links', deleted)
end

local function delete_terms()
  for _, term in ipairs(redis.call('SMEMBERS', key(session, ':terms'))) do redis.call('ZREM', 'tg:term:' .. term, session) end
end

-- A job that was taken already ends without its session; a queued one need not run.
local function delete_job()
  if not stored[3] or redis.call('LREM', QUEUE, 0, stored[3]) == 0 then return end
  add('queued jobs', redis.call('DEL', RQ_JOB .. stored[3]))
end

keep_optout()
mark_received()
delete_proactive()
delete_names()
delete_terms()
delete_job()
add('sessions', redis.call('EXISTS', s))
add('dialog states', stored[4] and 1 or 0)
add('waiting messages', redis.call('LLEN', key(session, ':mail')))
count_unsent()
add('held replies', redis.call('LLEN', key(session, ':held')))
add('kept replies', redis.call('HLEN', key(session, ':kept')))
add('log entries', redis.call('XLEN', key(session, ':log')))
add('pieces of streamed text', redis.call('XLEN', key(session, ':text')))
for i = 2, #ARGV do redis.call('DEL', key(session, ARGV[i])) end
for _, index in ipairs({'tg:due', 'tg:desk', 'tg:optouts', 'tg:silenced', 'tg:conversations', 'tg:unanswered', 'tg:ready:' .. (stored[1] or ''), 'tg:backlog:' .. (stored[1] or '')}) do
  redis.call('ZREM', index, session)
end
local conversation = session:match('^(.*):[^:]*$')  -- of which it was a participant's session
if conversation then redis.call('SREM', key(conversation, ':participants'), session) end
return answer
