-- Tell why a proactive message may not leave now, without writing anything. ARGV: session, whether it needs an open service
-- window (1 or ''). Returns a refusal's code, or '' when it may leave.
local session, now = ARGV[1], clock()
local stored = redis.call('HMGET', key(session), 'address', 'owner', 'optout', 'window')
local optout, kept = stored[3], find_optout(session)
if optout ~= '1' or kept == '0' then optout = kept or optout end
local window = ARGV[2] == '1' and (stored[4] or not stored[1] and 0) or nil
local _, code = refusal_reason(stored[2], optout, 'bot', '1', window, now)
return code or ''
