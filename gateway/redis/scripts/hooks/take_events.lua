-- Take events to deliver. ARGV: name of the subscription, token, lease in milliseconds, now (the deliverer's clock), limit.
-- Returns nil while another worker holds the subscription, or {state, waiting, new}: the fields of its state, the events to
-- try again as JSON, and id and fields of new ones. Nothing is removed: settle_events.lua does that. While events that were
-- taken before have not been tried (they are due at 0), fewer new ones are taken: a slow receiver's events stay in the stream.
--   tg:hook:NAME          hash    cursor failing openings paused_until delivered failed dead last_success last_failure
--                                 last_error
--   tg:hook:NAME:lease    string  token of the worker that delivers, with a time to live
--   tg:hook:NAME:waiting  hash    events to try again, by id
--   tg:hook:NAME:due      zset    their ids by the time of the next try
--   tg:hooks              hash    the subscriptions as JSON, by name
--   tg:hook_dead          stream  events that were given up
local state, now, limit = 'tg:hook:' .. ARGV[1], tonumber(ARGV[4]), tonumber(ARGV[5])
if redis.call('HEXISTS', 'tg:hooks', ARGV[1]) == 0 then return nil end
local lease = state .. ':lease'
local holder = redis.call('GET', lease)
if holder and holder ~= ARGV[2] then return nil end

-- With nothing to do the lease is renewed in its second half only: each write is one to the disk.
local function hold(has_work)
  if has_work or not holder or redis.call('PTTL', lease) * 2 < tonumber(ARGV[3]) then
    redis.call('SET', lease, ARGV[2], 'PX', ARGV[3])
  end
end

local fields = redis.call('HGETALL', state)
if tonumber(redis.call('HGET', state, 'paused_until') or 0) > now then
  hold(false)
  return {fields, {}, {}}
end
local due = redis.call('ZRANGEBYSCORE', state .. ':due', '-inf', now, 'LIMIT', 0, limit)
local waiting = #due > 0 and redis.call('HMGET', state .. ':waiting', unpack(due)) or {}
local new, room = {}, limit - redis.call('ZCOUNT', state .. ':due', '-inf', 0)
if room > 0 then
  local cursor = redis.call('HGET', state, 'cursor') or '0-0'
  new = redis.call('XRANGE', 'tg:events', '(' .. cursor, '+', 'COUNT', room)
end
hold(#due + #new > 0)
return {fields, waiting, new}
