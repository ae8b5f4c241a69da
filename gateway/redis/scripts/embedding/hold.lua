-- Session of an embedding application: acquire the lease with a new fencing token. ARGV: key, lease and expiry in milliseconds,
-- nonce.
-- Returns {fence, state}, or the milliseconds for which its holder's lease is still valid.
local now, session = clock(), ARGV[1]
local lease = redis.call('HGET', session, 'lease')
if lease and tonumber(lease) > now then return tonumber(lease) - now end
local fence = redis.call('HINCRBY', session, 'fence', 1) .. ':' .. ARGV[4]
redis.call('HSET', session, 'nonce', ARGV[4], 'lease', now + ARGV[2])
if redis.call('PTTL', session) == -1 then redis.call('PEXPIRE', session, ARGV[3]) end
return {fence, redis.call('HGET', session, 'state')}
