-- Laws L7 and L10: note that the first reply is about to be sent, if the bot may still speak.
-- ARGV: session, fence, reply key, log entry. Returns 1, 0 (dropped), or nil when the lease is lost.
local session = ARGV[1]
local now, s = clock(), key(session)
if not holds(session, ARGV[2], now) then return nil end
local marks = redis.call('HMGET', s, 'owner', 'optout')
local owner = marks[1] or 'bot'
local reason = nil
if owner == 'human' or owner == 'closed' then reason = 'the session belongs to ' .. owner end
if marks[2] == '1' then reason = 'the person opted out' end
if reason then
  note(session, 'refused', cjson.encode({key = ARGV[3], reason = reason}))
  settle(session)
  count('silenced')
  return 0
end
redis.call('HSET', s, 'marked', ARGV[3], 'marked_at', now)
note(session, 'sending', ARGV[4])
return 1
