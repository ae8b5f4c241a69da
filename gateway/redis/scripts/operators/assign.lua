-- An agent takes a conversation for themselves, or gives it up. ARGV: session, agent, how ('claim': unless another agent
-- has it; 'take': also from another one; 'drop': back to all agents). Returns who has it then, '' for nobody; nil for a
-- session that is not kept. Field `agent` of the session; set_owner removes it with the agents' ownership.
local session, agent, how = ARGV[1], ARGV[2], ARGV[3]
local stored = redis.call('HMGET', key(session), 'address', 'agent')
if not stored[1] then return nil end
local present = stored[2] or ''
if how == 'claim' and present ~= '' and present ~= agent then return present end
local wanted = how == 'drop' and '' or agent
if wanted == present then return present end
if wanted == '' then redis.call('HDEL', key(session), 'agent') else redis.call('HSET', key(session), 'agent', wanted) end
log_entry(session, 'assigned', cjson.encode({agent = wanted, by = agent}))
start_retention_if_idle(session)
return wanted
