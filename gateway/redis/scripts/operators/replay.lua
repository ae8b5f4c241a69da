-- Guarantee L9: return the turns or the reply of a dead letter to its session and delete the letter, in one step. Turns
-- follow those that wait; a reply goes before those that wait, which are newer, but behind one that is being sent already
-- and behind those of older letters (`letter` in its JSON). What may not leave, or be answered, now stays a letter (guarantee L13).
-- ARGV: stamp, letter id, session, mail or out, address, log entry, then each turn or reply. Returns replayed,
-- gone, full, or a refusal's code. The caller passes the contents: cjson would turn empty lists into objects.
local letter, session, now = ARGV[2], ARGV[3], clock()
local list_key = key(session, ':' .. ARGV[4])
if #redis.call('XRANGE', 'tg:dead', letter, letter) == 0 then return 'gone' end
if redis.call('LLEN', list_key) + #ARGV - 6 > MAILBOX_LENGTH then return 'full' end

-- A message that the bot may not answer would be taken and met with silence.
local function find_message_refusal()
  local stored = redis.call('HMGET', key(session), 'owner', 'optout')
  local owner = stored[1] == 'waiting' and 'human' or stored[1]  -- an agent is expected
  local _, code = refusal_reason(owner, stored[2], 'bot', '', nil, now)
  return code
end

-- mark.lua asks the same again before the send, and drops what is refused.
local function find_reply_refusal(reply)
  local stored = redis.call('HMGET', key(session), 'owner', 'optout')
  local is_said = (stored_field(reply, 'act') or 'say') == 'say' and not stored_field(reply, 'confirms_request')
  local class = is_said and (stored_field(reply, 'bulk') and '1' or '') or 'confirmation'
  local _, code = refusal_reason(stored[1], stored[2], stored_field(reply, 'voice') or 'bot', class, nil, now)
  if not code then _, code = stopped_broadcast(stored_field(reply, 'key')) end
  return code
end

restore_optout(session, now)
local refusal = ARGV[4] == 'out' and find_reply_refusal(ARGV[7]) or ARGV[4] == 'mail' and find_message_refusal()
if refusal then return refusal end

local function is_older(one, other)
  local at, number = one:match('^(%d+)%-(%d+)$')
  local other_at, other_number = other:match('^(%d+)%-(%d+)$')
  if at ~= other_at then return tonumber(at) < tonumber(other_at) end
  return tonumber(number) < tonumber(other_number)
end

-- The waiting reply before which this one belongs; nil at the end.
local function find_successor()
  local marked = redis.call('HGET', key(session), 'marked')
  for i, waiting in ipairs(redis.call('LRANGE', list_key, 0, -1)) do
    local replayed = stored_field(waiting, 'letter')
    local is_first = i == 1 and marked and stored_field(waiting, 'key') == marked
    if not is_first and not (replayed and is_older(replayed, letter)) then return waiting end
  end
end

for i = 7, #ARGV do
  local successor = ARGV[4] == 'out' and find_successor()
  local item = ARGV[i]
  if ARGV[4] == 'out' then item = stamp_reply('{"letter":"' .. letter .. '",' .. item:sub(2), now) end
  if successor then
    redis.call('LINSERT', list_key, 'BEFORE', successor, item)
  else
    redis.call('RPUSH', list_key, item)
  end
end
redis.call('XDEL', 'tg:dead', letter)
redis.call('HSETNX', key(session), 'address', ARGV[5])  -- the contact may have another one by now
begin_wait(session, now)
log_entry(session, 'replayed', ARGV[6])
if ARGV[4] == 'out' then count_replayed(stored_field(ARGV[7], 'key')) end
count('replayed')
enqueue(session, now, ARGV[1])
return 'replayed'
