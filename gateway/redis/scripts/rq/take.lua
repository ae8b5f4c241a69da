-- Move up to a number of jobs from the queue to RQ's intermediate list, in order, and acquire their sessions' leases.
-- ARGV: stamp, intermediate list, number, nonce, 'all' if no session may start (or ''), and the id of a job that was moved before, if any.
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

if ARGV[6] then add(ARGV[6]) end
for _ = 1, tonumber(ARGV[3]) do
  local id = redis.call('LMOVE', QUEUE, ARGV[2], 'LEFT', 'RIGHT')
  if not id then break end
  add(id)
end
return jobs
