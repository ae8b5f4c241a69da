-- Guarantees L7 and L10: mark a reply as about to be sent, if it is the next one, its voice may still speak and the
-- rate limit and the circuit breaker permit it. ARGV: session, fence, reply key, log entry, account, class (1 for a
-- proactive message, confirmation, or ''), voice, the contact's side of its address, whether it needs an open service
-- window (1, closed if the provider has said so, or ''), the field of its template in tg:template_states or '', the number
-- of the bot's replies that the contact gets in an hour (0: no limit), the sender's number, then for each rate limit its
-- name and the milliseconds between two sends. The account is '' when the circuit breaker let a look-up of the reply through.
-- Returns 1, 0 (dropped), 2 (another reply is before it, or the contact's address has changed; look again),
-- 3 (the service window is closed; the reply stays), {milliseconds to wait, reason}, with a 1 behind them when the session is
-- silent from now on, or nil when the lease is lost.
local session = ARGV[1]
local now, s = clock(), key(session)

local function rate_limit_wait(bulk)
  local slot = tonumber(redis.call('HGET', s, 'slot') or 0)
  if slot > 0 then
    if slot <= now then redis.call('HDEL', s, 'slot') end
    return math.max(slot - now, 0)
  end
  local wait, is_reserved = take_pace(ARGV, 13, bulk, now)
  if is_reserved then redis.call('HSET', s, 'slot', now + wait) end
  return wait
end

if not lease_valid(session, ARGV[2], now) then return nil end
if not is_next_reply(session, ARGV[3]) then return 2 end
if ARGV[6] == '1' then restore_optout(session, now) end  -- the contact may have opted out under another name meanwhile
local stored = redis.call('HMGET', s, 'owner', 'optout', 'address', 'window')
if not is_present_address(session, stored[3], ARGV[8]) then return 2 end
local window = ARGV[9] == 'closed' and 0 or ARGV[9] == '1' and stored[4] or nil
local owner, optout = effective_rights(session, stored[1], stored[2])
local reason, code = refusal_reason(owner, optout, ARGV[7], ARGV[6], window, now)
if code == 'window' then return 3 end
if not reason then reason, code = stopped_broadcast(ARGV[3]) end
if not reason then reason, code = template_refusal(ARGV[10]) end
if reason then
  log_entry(session, 'refused', cjson.encode({key = ARGV[3], reason = reason, code = code}))
  settle_reply(session, ARGV[3])
  if code == 'template' then schedule_undelivered(session, ARGV[3], now) end
  count_left(ARGV[3], 'refused')
  notify_waiting(session)
  count('silenced')
  count_class('refusals', redis.call('HGET', s, 'account') or '', code or 'other')
  return 0
end
local held_back = throttle_wait(session, ARGV[5], ARGV[12], now) or breaker_wait(session, ARGV[5], now)
if held_back then return held_back end
local over, replied = reply_limit_wait(session, ARGV[3], ARGV[6] == 'confirmation' and 0 or tonumber(ARGV[11]), now)
if over then return over end
local wait = rate_limit_wait(ARGV[6] == '1')
if wait > 0 then return {wait, 'rate limit'} end
if replied then redis.call('HSET', s, 'replied', replied) end
redis.call('HSET', s, 'marked', ARGV[3], 'marked_at', now, 'marked_to', stored[3] or '')
log_entry(session, 'sending', ARGV[4])
return 1
