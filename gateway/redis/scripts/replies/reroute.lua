-- Guarantees L7 and L13: a reply takes another way. ARGV: session, fence, the reply's key, log entry, whether it waits for
-- the contact's next message (1, closed: only if the service window still is, or ''), keys of replies right behind it that
-- are covered, too (JSON), a digest of the template that is sent in its place ('' for none), then reply and log entry for
-- each reply that is sent in its place. Returns 1, 2 (another reply is before it, or the contact has opened the window
-- meanwhile; nothing was done), 3 (an older reply that waited was given up), or nil when the lease is lost.
local session, now, answer = ARGV[1], clock(), 1
local MAX_TEMPLATES = 8

-- Nothing is dropped in silence: what waits for too long behind newer replies is a dead letter.
local function give_up_oldest_held(session)
  local oldest = redis.call('LPOP', key(session, ':held'))
  local reason = 'too many newer replies wait for the contact\'s next message'
  local name = stored_field(oldest, 'key') or ''
  log_entry(session, 'refused', cjson.encode({key = name, reason = reason, code = 'window', dead = true}))
  add_dead_letter(session, '{"reason":' .. cjson.encode(reason) .. ',"code":"window","failure":"window","reply":' .. oldest .. '}')
end

-- Parts of one message may learn at different moments that the window is closed: one template stands for all of them. They
-- were committed at the same time, which they keep when they are sent again.
local function has_template(reply)
  if ARGV[7] == '' then return false end
  local message = whole_message(ARGV[3]) .. ' ' .. (stored_field(reply, 'committed_at_ms') or '')
  local name = redis.sha1hex(message .. ' ' .. ARGV[7]):sub(1, 12)
  local known = redis.call('HGET', key(session), 'templates') or ''
  if known:find(name, 1, true) then return true end
  redis.call('HSET', key(session), 'templates', (known .. ' ' .. name):sub(-13 * MAX_TEMPLATES))
  return false
end

local function log_covered(name)
  log_entry(session, 'rerouted', cjson.encode({key = name, reason = cjson.decode(ARGV[4]).reason, covered = true}))
end

if not lease_valid(session, ARGV[2], now) then return nil end
if not is_next_reply(session, ARGV[3]) then return 2 end
local closes = ARGV[5] == 'closed' and redis.call('HGET', key(session), 'window')
if closes and tonumber(closes) > now then return 2 end
local out, reply = key(session, ':out'), redis.call('LINDEX', key(session, ':out'), 0)
local is_covered = has_template(reply)
if is_covered then log_covered(ARGV[3]) else log_entry(session, 'rerouted', ARGV[4]) end
settle_reply(session, ARGV[3])
if ARGV[5] ~= '' then
  if redis.call('RPUSH', key(session, ':held'), reply) > BURST_LENGTH then
    give_up_oldest_held(session)
    answer = 3
  end
end
for _, covered in ipairs(cjson.decode(ARGV[6])) do
  if stored_field(redis.call('LINDEX', out, 0), 'key') ~= covered then break end
  redis.call('LPOP', out)
  log_covered(covered)
end
for i = #ARGV - 1, is_covered and #ARGV or 8, -2 do
  redis.call('LPUSH', out, stamp_reply(ARGV[i], now))
  log_entry(session, 'said', ARGV[i + 1])
end
count('rerouted')
if is_covered or #ARGV < 8 then count_left(ARGV[3], 'rerouted') end
notify_waiting(session)
return answer
