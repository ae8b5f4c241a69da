-- Acquire the lease without starting anything, for a change of what is stored. ARGV: stamp, session, nonce, and whether to take
-- it from a worker that has it (1 or ''), whose turn is processed again. Returns the fence, or nil while another has it.
local session, now = ARGV[2], clock()
if redis.call('EXISTS', key(session)) == 0 then return nil end
if ARGV[4] == '1' then redis.call('HDEL', key(session), 'lease', 'started', 'sends') end
local acquired = acquire_lease(session, now, ARGV[1], ARGV[3], 'all')
return acquired and acquired[1]
