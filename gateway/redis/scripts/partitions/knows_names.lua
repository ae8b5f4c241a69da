-- Whether a partition has something of these names. ARGV: names. Returns for each '' (nothing), 'known', or 'held' if an
-- agent has its session, and the partition that an entry here names, or ''. A record of an opt-out or an erasure counts as well.
local answers = {}
for i, name in ipairs(ARGV) do
  local session = redis.call('HGET', 'tg:person:' .. name, 'session') or name
  local owner, digest = redis.call('HGET', key(session), 'owner'), name_digest(name)
  local state = ''
  if owner == 'human' or owner == 'waiting' then
    state = 'held'
  elseif redis.call('EXISTS', 'tg:person:' .. name, key(session), key(session, ':scheduled')) > 0
    or digest and redis.call('HEXISTS', 'tg:optout_names', digest) == 1 or is_erased(name) then
    state = 'known'
  end
  answers[i] = {state, redis.call('GET', 'tg:place:' .. name) or ''}
end
return answers
