-- Keep the opt-out of a session that is about to be erased, also one of an earlier release. ARGV: session. Returns 1 or 0.
local scope = redis.call('HGET', key(ARGV[1]), 'optout')
if not scope or scope == '0' then return 0 end
record_optout(ARGV[1], scope, clock())
return 1
