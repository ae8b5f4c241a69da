-- Session of an embedding application: write as the holder of a fencing token. ARGV: key, fence, what (renew, save, forget or release),
-- lease (renew) or expiry (all others) in milliseconds, state. Returns 1, or 0 when the lease is lost.
local now, session = clock(), ARGV[1]
local stored = redis.call('HMGET', session, 'fence', 'nonce', 'lease')
if (stored[1] or '') .. ':' .. (stored[2] or '') ~= ARGV[2] then return 0 end
if not stored[3] or tonumber(stored[3]) <= now then return 0 end
if ARGV[3] == 'renew' then
  redis.call('HSET', session, 'lease', now + ARGV[4])
  return 1
end
if ARGV[3] == 'save' then redis.call('HSET', session, 'state', ARGV[5]) end
if ARGV[3] == 'forget' then redis.call('HDEL', session, 'state') end
if ARGV[3] == 'release' then redis.call('HDEL', session, 'lease') end
redis.call('PEXPIRE', session, ARGV[4])
return 1
