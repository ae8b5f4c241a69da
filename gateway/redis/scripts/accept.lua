-- Laws L2, L3, L8: record everything of one or more requests. ARGV: stamp, then nine for each event:
-- kind, session (or message key), id, two values by kind, log entry, policy, account, whether a person's hold on the
-- session lapses (1 or ''). Returns a verdict for each.
local now, stamp = clock(), ARGV[1]
local handle = {}

-- Mark and append in one step. True when the id is new in this session.
local function first_time(session, id)
  local seen = key(session, ':seen')
  local new = redis.call('ZADD', seen, 'NX', now, id) == 1
  redis.call('ZREMRANGEBYSCORE', seen, '-inf', now - SEEN_MS)
  redis.call('PEXPIRE', seen, SEEN_MS)
  return new
end

-- Law L11. `policy` is '' (one turn at a time), 'interrupt', or a burst's window and cap in milliseconds: as long as
-- messages come within the window, and until the cap, they wait to be taken as one turn.
local function gather(session, policy)
  local s = key(session)
  local window, cap = policy:match('^(%d+) (%d+)$')
  if window then
    redis.call('HSETNX', s, 'burst', now)
    local quiet = math.min(now + window, redis.call('HGET', s, 'burst') + cap)
    redis.call('HSET', s, 'quiet', quiet)
  elseif redis.call('HEXISTS', s, 'lease') == 1 then
    redis.call('PUBLISH', 'tg:arrived', hint(session))
  end
end

-- Who writes to a closed session opens it again; who writes after a long silence of the business meets the bot.
local function take_back(session)
  local marks = redis.call('HMGET', key(session), 'owner', 'lapses')
  local lapsed = marks[2] and tonumber(marks[2]) <= now
  if marks[1] ~= 'closed' and not lapsed then return end
  own(session, 'bot', now)
  cancel(session, 'hand_off')  -- nobody is waited for any more
  note(session, 'control', cjson.encode({owner = 'bot', actor = lapsed and 'lapse' or 'reopen'}))
end

-- When the person last wrote, where the provider tells: a close from before that is over.
local function note_time(session, entry)
  local at = tonumber(entry:match('"at":([%d.]+)') or '')  -- inside a text the quotes would be escaped
  local wrote = at and tonumber(redis.call('HGET', key(session), 'wrote') or 0)
  if at and at > wrote then redis.call('HSET', key(session), 'wrote', at) end
end

function handle.turn(session, id, turn, address, entry, policy, account)
  if redis.call('LLEN', key(session, ':mail')) >= MAILBOX_LENGTH then
    if redis.call('ZSCORE', key(session, ':seen'), id) then return 'duplicate' end
    redis.call('HSETNX', key(session), 'overflow', 'untold')
    return 'full'
  end
  if not first_time(session, id) then return 'duplicate' end
  redis.call('RPUSH', key(session, ':mail'), turn)
  take_back(session)
  redis.call('HSET', key(session), 'address', address, 'gather', policy == '' and '' or '1', 'account', account,
    'inactivity', '', 'undelivered', '')  -- those timers are for what happens without a message
  note(session, 'accepted', entry)
  note_time(session, entry)
  if policy ~= '' then gather(session, policy) end
  wake(session, now, stamp)
  return 'new'
end

function handle.control(session, id, owner, optout, entry, policy, account, lapses)
  if not first_time(session, id) then return 'duplicate' end
  if optout ~= '' then redis.call('HSET', key(session), 'optout', optout) end
  local at = cjson.decode(entry).at
  if at > 0 then
    if owner == 'closed' and at < tonumber(redis.call('HGET', key(session), 'wrote') or 0) then return 'stale' end
    if at < tonumber(redis.call('HGET', key(session), 'acted') or 0) then return 'stale' end
    redis.call('HSET', key(session), 'acted', at)
  end
  local before = redis.call('HGET', key(session), 'owner') or 'bot'
  if owner ~= '' and (owner ~= 'waiting' or before == 'bot') then  -- who asks for a person takes none away
    cancel(session, 'inactivity', 'hand_off', 'undelivered')
    own(session, owner, now, lapses == '1')
  end
  note(session, 'control', entry)
  return 'new'
end

function handle.status(message, status, rank, session_key, entry)
  local known = redis.call('HMGET', message, 'rank', 'session', 'reply')
  if tonumber(rank) <= tonumber(known[1] or 0) then return 'stale' end
  redis.call('HSET', message, 'rank', rank, 'status', status, 'entry', entry)
  redis.call('PEXPIRE', message, SEEN_MS)
  if not known[2] then return 'early' end
  note(known[2], 'status', entry)
  if status == 'failed' and known[3] and undelivered(known[2], known[3], now) then
    wake(known[2], now, stamp)
  end
  return 'new'
end

function handle.ignored() return 'counted' end

local verdicts = {}
for i = 2, #ARGV, 9 do
  local kind = ARGV[i]
  local verdict = handle[kind](ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5],
    ARGV[i + 6], ARGV[i + 7], ARGV[i + 8])
  count(kind .. ':' .. (kind == 'ignored' and ARGV[i + 1] or verdict))
  verdicts[#verdicts + 1] = verdict
end
return verdicts
