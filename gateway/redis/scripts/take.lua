-- Take jobs from the queue into RQ's intermediate list, in order, until there are no more or so many, and the leases of
-- their sessions. ARGV: stamp, the intermediate list, how many, and the id of one that was taken before, if any.
-- Returns for each its id, its data, its time-out, its session, and of that {fence, view}, or nil when somebody else works on
-- it; both are nil where the data does not tell.
local now, jobs = clock(), {}

local function session_of(data)
  local fine, call = pcall(cjson.decode, data)
  return fine and type(call) == 'table' and call[1] == DRAIN and type(call[3]) == 'table' and call[3][1]
end

local function add(id)
  local job = redis.call('HMGET', 'rq:job:' .. id, 'data', 'timeout')
  local session = job[1] and session_of(job[1])
  if type(session) ~= 'string' then session = false end
  jobs[#jobs + 1] = {id, job[1], job[2], session, session and claim(session, now, ARGV[1]) or false}
end

if ARGV[4] then add(ARGV[4]) end
for _ = 1, tonumber(ARGV[3]) do
  local id = redis.call('LMOVE', QUEUE, ARGV[2], 'LEFT', 'RIGHT')
  if not id then break end
  add(id)
end
return jobs
