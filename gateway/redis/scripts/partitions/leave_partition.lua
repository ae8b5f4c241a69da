-- A contact's session ends in this partition (gateway/partitions/joining.py). ARGV: session, and the step: until when, in
-- milliseconds, nothing is accepted here while the contact is being joined; `close` once what it had is there, too; `gone` when
-- the names lead there, so that nothing is accepted any more; `held` while an agent has the conversation there, so that the bot
-- says nothing more here; '' to accept again what was refused for good.
local session, now = ARGV[1], clock()
local s = key(session)
local is_new = redis.call('EXISTS', s) == 0

local function close(actor)
  local entry = {act = 'close', owner = 'closed', actor = actor, at = 0}
  record_control(session, 'closed', '', cjson.encode(entry), '', '', now)
end

-- What waits is still answered and sent; an agent's conversation is closed by the agent.
local function close_if_idle()
  local stored = redis.call('HMGET', s, 'address', 'owner', 'optout')
  if not (stored[1] or stored[2] or stored[3]) or (stored[2] or 'bot') ~= 'bot' then return end
  if redis.call('EXISTS', key(session, ':mail'), key(session, ':out'), key(session, ':scheduled')) > 0 then return end
  close('merged into another conversation')
  start_retention_if_idle(session)
end

if ARGV[2] == 'close' then
  close_if_idle()
elseif ARGV[2] == 'held' then
  if (redis.call('HGET', s, 'owner') or 'bot') == 'bot' then close('an agent has the conversation that it was merged into') end
elseif ARGV[2] == 'gone' then
  redis.call('HSET', s, 'left', 'gone')
elseif ARGV[2] ~= '' then
  redis.call('HSET', s, 'left', now + tonumber(ARGV[2]))
elseif redis.call('HGET', s, 'left') == 'gone' then
  redis.call('HDEL', s, 'left')
end
if is_new then redis.call('PEXPIRE', s, DEDUP_MS) end
