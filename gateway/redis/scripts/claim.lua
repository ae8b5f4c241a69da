-- Law L5: take the lease with a new fence, unless it is held. ARGV: stamp, session. Returns {fence, view} or nil.
local now, session = clock(), ARGV[2]
local s = key(session)
make_room(session, now, ARGV[1])
local lease = redis.call('HGET', s, 'lease')
if lease and tonumber(lease) > now then return nil end
local fence = redis.call('HINCRBY', s, 'fence', 1)
redis.call('HSET', s, 'lease', now + LEASE_MS)
redis.call('HDEL', s, 'hold')
redis.call('ZADD', 'tg:due', now + LEASE_MS, session)
return {fence, view(session, now)}
