-- Law L6: state, replies, turns and log, all or none. ARGV: session, fence, number of turns, state, owner,
-- dead letter, log entry, told of an overflow (1 or ''), the timer that fired, a timer to start and its milliseconds
-- ('' for none), whether a person's hold lapses (1 or ''), whether the log is where its replies are read (1 or ''), then
-- reply and log entry for each reply; where they are read in the log, the entry of its having been sent in place of the
-- reply. Returns 1, or nil.
local session, now = ARGV[1], clock()
local s = key(session)
if not holds(session, ARGV[2], now) then return nil end
local marks = redis.call('HMGET', s, 'owner', 'optout')
local owner, fields = marks[1] or 'bot', {'tries', 0}
local function set(name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
-- A message that came while a timer was being answered has cancelled it, without a race.
local fired = ARGV[9]
if fired ~= '' then
  local at = tonumber(redis.call('HGET', s, fired) or '')
  if not at or at > now or redis.call('EXISTS', key(session, ':mail')) == 1 then
    redis.call('HSET', s, 'tries', 0)
    return 1
  end
  set(fired, '')
end
note(session, 'committed', ARGV[7])
if ARGV[4] ~= '' then set('state', ARGV[4]) end
if tonumber(ARGV[3]) > 0 then
  redis.call('LPOP', key(session, ':mail'), ARGV[3])
  set('inactivity', '')  -- the one that was started while this turn waited already
end
if ARGV[8] == '1' then set('overflow', 'told') end
if ARGV[10] ~= '' then set(ARGV[10], now + tonumber(ARGV[11])) end
if EXPIRY_MS > 0 then set('expires', now + EXPIRY_MS) end
redis.call('HSET', s, unpack(fields))
-- The bot may give the session away, never take it from a person who came in meanwhile (law L10).
if ARGV[5] ~= '' and ARGV[5] ~= owner and (owner == 'bot' or owner == 'waiting' and fired == 'hand_off') then
  own(session, ARGV[5], now, ARGV[12] == '1')
  owner = ARGV[5]
  note(session, 'control', cjson.encode({owner = owner, actor = 'flow'}))
end
if ARGV[6] ~= '' then set_aside(session, ARGV[6]) end
local is_read_here = ARGV[13] == '1'
local reason = is_read_here and silenced(owner, marks[2], 'bot')
local written = {'committed ' .. ARGV[7]}
local function say(kind, entry)
  note(session, kind, entry)
  written[#written + 1] = kind .. ' ' .. entry
end
for i = 14, #ARGV, 2 do
  say('said', ARGV[i + 1])
  if not is_read_here then
    redis.call('RPUSH', key(session, ':out'), ARGV[i])
  elseif reason then
    say('refused', cjson.encode({key = cjson.decode(ARGV[i]).key, reason = reason}))
    count('silenced')
  else
    say('sent', ARGV[i])
    count('sent')
  end
end
count('committed')
tell(session, table.concat(written, '\n'))
return 1
