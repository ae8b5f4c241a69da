-- Take jobs from the queue into RQ's intermediate list, in order, until there are no more or so many. ARGV: the
-- intermediate list, how many, and the id of one that was taken before, if any. Returns for each its id and its hash.
local jobs = {}
local function add(id)
  jobs[#jobs + 1] = {id, redis.call('HGETALL', 'rq:job:' .. id)}
end

if ARGV[3] then add(ARGV[3]) end
for _ = 1, tonumber(ARGV[2]) do
  local id = redis.call('LMOVE', QUEUE, ARGV[1], 'LEFT', 'RIGHT')
  if not id then break end
  add(id)
end
return jobs
