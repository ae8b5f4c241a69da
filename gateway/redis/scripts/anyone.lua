-- Whether a worker would take a job now: 1 or 0. A stock RQ worker does not announce itself; it counts for as
-- long as RQ lists it. A name that was announced and then fell silent is a worker that died.
local now = clock()
if redis.call('ZCOUNT', 'tg:workers', now - ALIVE_MS, '+inf') > 0 then return 1 end
for _, worker in ipairs(redis.call('SMEMBERS', WORKERS)) do
  local name = worker:sub(#'rq:worker:' + 1)
  if not redis.call('ZSCORE', 'tg:workers', name) and redis.call('EXISTS', worker) == 1 then return 1 end
end
return 0
