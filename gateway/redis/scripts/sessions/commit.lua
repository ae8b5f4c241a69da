-- Guarantee L6: commit state, replies, turns and log atomically. ARGV: session, fence, ids of the turns (JSON), state, owner,
-- dead letter, log entry, contact informed of an overflow (1 or ''), the timer that fired, a timer to start and its milliseconds
-- ('' for none), whether the agent's ownership expires (1 or ''), whether clients read replies from the log (1 or ''),
-- whether the replies confirm an opt-out or opt-in (1 or ''), whether the contact is opted out after them (1 or ''),
-- then reply and log entry for each reply; for clients of the log, its `sent` entry in place of the reply.
-- Returns 1, or nil when the lease is lost.
local session, now = ARGV[1], clock()
local s = key(session)
local stored = redis.call('HMGET', s, 'fence', 'nonce', 'lease', 'owner', 'optout', 'account', 'node')
if not lease_valid(session, ARGV[2], now, stored) then return nil end
local owner, optout, account, former_node = stored[4] or 'bot', stored[5], stored[6] or '', stored[7]
local waits_since = tonumber(redis.call('ZSCORE', 'tg:unanswered', session) or 0)
local fields = {'tries', 0, 'started', '', 'losses', 0}
local function set(name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
-- After a failover the mailbox may begin with other turns than those that were answered; these stay.
local turns = cjson.decode(ARGV[3])
local waiting = #turns > 0 and redis.call('LRANGE', key(session, ':mail'), 0, #turns - 1)
for i, id in ipairs(turns) do
  if not waiting[i] or stored_field(waiting[i], 'id') ~= id then return nil end
end
-- A message that arrived while the timer was being answered has cancelled it.
local fired = ARGV[9]
if fired ~= '' then
  local at = tonumber(redis.call('HGET', s, fired) or '')
  if not at or at > now or redis.call('EXISTS', key(session, ':mail')) == 1 then
    redis.call('HSET', s, 'tries', 0, 'started', '')
    cancelled_timers[session] = true
    return 1
  end
  set(fired, '')
end
log_entry(session, 'committed', ARGV[7])
local tokens = ARGV[7]:match('"tokens":"(%d+)"')  -- inside a text the quotes would be escaped
if tokens then
  spend_tokens(session, tonumber(tokens), now)
  count_by_minute('c|tokens|' .. account .. '|', tonumber(tokens))
end
local failures = ARGV[7]:match('"model_failures":"([^"]+)"')
for failure in (failures or ''):gmatch('%S+') do count('model_failed:' .. failure) end
if ARGV[7]:find('"trouble":"[^"]*template:') then count('template_failed') end
local node = ARGV[7]:match('"node":"([^"\\]+)"')
if node and node ~= former_node then
  count_step(account, former_node, node, now)
  set('node', node)
end
if ARGV[4] ~= '' then set('state', ARGV[4]) end
if #turns > 0 then
  redis.call('LPOP', key(session, ':mail'), #turns)
  set('inactivity', '')  -- a timer that was started while this turn was already waiting
end
if ARGV[8] == '1' then set('overflow', 'told') end
if ARGV[10] ~= '' then
  set(ARGV[10], now + tonumber(ARGV[11]))
  set('patience', ARGV[11])
end
if #turns > 0 and ARGV[16] and ARGV[13] ~= '1' and waits_since > 0 then
  set('asked', string.format('%d %s', waits_since, (stored_field(ARGV[16], 'key') or ''):match('^(.*)%.') or ''))
end
if EXPIRY_MS > 0 then set('expires', now + EXPIRY_MS) end
redis.call('HSET', s, unpack(fields))
-- The bot may hand the session off, but never take it from an agent who took over meanwhile (guarantee L10).
if ARGV[5] ~= '' and ARGV[5] ~= owner and (owner == 'bot' or owner == 'waiting' and fired == 'hand_off') then
  set_owner(session, ARGV[5], now, ARGV[12] == '1')
  owner = ARGV[5]
  log_entry(session, 'control', cjson.encode({owner = owner, actor = 'flow'}))
end
if ARGV[6] ~= '' then add_dead_letter(session, ARGV[6]) end
local is_read_here = ARGV[13] == '1'
local reason = is_read_here and refusal_reason(owner, optout, 'bot', ARGV[14] == '1' and 'confirmation' or '')
local published = {'committed ' .. ARGV[7]}
local function log_reply(kind, entry)
  log_entry(session, kind, entry)
  published[#published + 1] = kind .. ' ' .. entry
end
for i = 16, #ARGV, 2 do
  log_reply('said', ARGV[i + 1])
  if not is_read_here then
    redis.call('RPUSH', key(session, ':out'), stamp_reply(ARGV[i], now))
  elseif reason then
    log_reply('refused', cjson.encode({key = cjson.decode(ARGV[i]).key, reason = reason}))
    count('silenced')
    count_class('refusals', account, 'silenced')
  else
    log_reply('sent', ARGV[i])
    count('sent')
    count_class('replies', account, 'bot')
    if i == 16 and #turns > 0 and waits_since > 0 then observe('answer', account, now - waits_since) end
  end
end
if ARGV[15] == '1' then
  set_optout(session, '1', now)
  log_entry(session, 'control', cjson.encode({act = 'opt_out', owner = '', actor = 'flow', at = 0}))
end
count('committed')
notify_waiting(session, table.concat(published, '\n'))
return 1
