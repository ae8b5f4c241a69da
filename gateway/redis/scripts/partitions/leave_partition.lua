-- A contact's session ends in this partition (gateway/partitions/joining.py). ARGV: session, and until when accept.lua refuses
-- its messages: in milliseconds while the contact is being joined, `gone` for good after that, '' to take them again if they
-- were refused for good. Returns 1 if the session has work or scheduled messages, else 0.
local session, now = ARGV[1], clock()
local s = key(session)
local is_new = redis.call('EXISTS', s) == 0
if ARGV[2] == 'gone' then
  redis.call('HSET', s, 'left', 'gone')
elseif ARGV[2] ~= '' then
  redis.call('HSET', s, 'left', now + tonumber(ARGV[2]))
elseif redis.call('HGET', s, 'left') == 'gone' then
  redis.call('HDEL', s, 'left')
end
if is_new then redis.call('PEXPIRE', s, DEDUP_MS) end
return redis.call('EXISTS', key(session, ':mail'), key(session, ':out'), key(session, ':scheduled')) > 0 and 1 or 0
