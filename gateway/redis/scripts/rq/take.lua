-- Move up to a number of jobs from the queue to RQ's intermediate list, in order, and acquire their sessions' leases.
-- ARGV: stamp, intermediate list, number, nonce, 'all' if no session may start (or ''), whether the answer to an earlier call with this nonce was
-- lost (1 or ''), and the id of a job that was moved before, if any. What the lost answer had is returned, too.
-- Returns for each job its id, data, timeout, session and the answer of acquire_lease (leases.lua): nil when another worker holds the lease; session
-- and view are nil when the data is not a call to process a session.
local now, jobs, isolation = clock(), {}, ARGV[5] == '' and 'suspects' or ARGV[5]

local function session_of(data)
  local ok, call = pcall(cjson.decode, data)
  return ok and type(call) == 'table' and call[1] == JOB_FUNCTION and type(call[3]) == 'table' and call[3][1]
end

local function add(id)
  local job = redis.call('HMGET', RQ_JOB .. id, 'data', 'timeout')
  local session = job[1] and session_of(job[1])
  if type(session) ~= 'string' then session = false end
  jobs[#jobs + 1] = {id, job[1], job[2], session, session and acquire_lease(session, now, ARGV[1], ARGV[4], isolation) or false}
end

-- Jobs that an unanswered call has moved, if their sessions are still its own; others live on without them.
local function add_unanswered()
  local is_added = {}
  for _, id in ipairs(redis.call('LRANGE', ARGV[2], 0, -1)) do
    local session = session_of(redis.call('HGET', RQ_JOB .. id, 'data') or '')
    local stored = type(session) == 'string' and redis.call('HMGET', key(session), 'nonce', 'started', 'lease', 'sends') or {}
    if stored[1] == ARGV[4] and stored[3] then
      if not is_added[session] then add(id) end
      is_added[session] = true
    elseif stored[2] or stored[4] then
      clear_unanswered_starts(session, stored[2] or '', stored[4] or '', ARGV[4])
    end
  end
end

if ARGV[6] == '1' then add_unanswered() end
if ARGV[7] then add(ARGV[7]) end
for _ = 1, tonumber(ARGV[3]) do
  local id = redis.call('LMOVE', QUEUE, ARGV[2], 'LEFT', 'RIGHT')
  if not id then break end
  add(id)
end
return jobs
