-- A contact's session ends in this partition (gateway/partitions/joining.py). ARGV: session, and the step: until when, in
-- milliseconds, nothing is accepted here while the contact is being joined; `close` once what it had is there, too; `gone` when
-- the names lead there, so that nothing is accepted any more; '' to accept again what was refused for good.
local session, now = ARGV[1], clock()
local s = key(session)
local is_new = redis.call('EXISTS', s) == 0

-- What waits is still answered and sent; an agent's conversation is closed by the agent.
local function close_if_idle()
  local stored = redis.call('HMGET', s, 'address', 'owner', 'optout')
  if not (stored[1] or stored[2] or stored[3]) or (stored[2] or 'bot') ~= 'bot' then return end
  if redis.call('EXISTS', key(session, ':mail'), key(session, ':out'), key(session, ':scheduled')) > 0 then return end
  local entry = {act = 'close', owner = 'closed', actor = 'merged into another conversation', at = 0}
  record_control(session, 'closed', '', cjson.encode(entry), '', '', now)
  start_retention_if_idle(session)
end

if ARGV[2] == 'close' then
  close_if_idle()
elseif ARGV[2] == 'gone' then
  redis.call('HSET', s, 'left', 'gone')
elseif ARGV[2] ~= '' then
  redis.call('HSET', s, 'left', now + tonumber(ARGV[2]))
elseif redis.call('HGET', s, 'left') == 'gone' then
  redis.call('HDEL', s, 'left')
end
if is_new then redis.call('PEXPIRE', s, DEDUP_MS) end
