-- Return 1 if a worker is alive, else 0. A stock RQ worker does not announce itself; it counts as long as RQ lists
-- it. A worker that announced itself and stopped doing so is dead.
local now = clock()
if redis.call('ZCOUNT', 'tg:workers', now - WORKER_TIMEOUT_MS, '+inf') > 0 then return 1 end
for _, worker in ipairs(redis.call('SMEMBERS', WORKERS)) do
  local name = worker:sub(#RQ_WORKER + 1)
  if not redis.call('ZSCORE', 'tg:workers', name) and redis.call('EXISTS', worker) == 1 then return 1 end
end
return 0
