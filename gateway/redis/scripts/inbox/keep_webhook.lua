-- Keeps a webhook with its session. ARGV: session, sealed record, most entries, oldest ID to keep, milliseconds to keep them.
-- Nothing is written for a session that is not kept: it may have been erased meanwhile. Returns 1 if it was written.
local session = ARGV[1]
if redis.call('HEXISTS', key(session), 'address') == 0 then return 0 end
local webhooks = key(session, ':webhooks')
redis.call('XADD', webhooks, 'MAXLEN', ARGV[3], '*', 'webhook', ARGV[2])
redis.call('XTRIM', webhooks, 'MINID', ARGV[4])
redis.call('PEXPIRE', webhooks, ARGV[5])
return 1
