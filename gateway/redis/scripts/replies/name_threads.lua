-- A reply is about to open a thread at the provider, whose webhooks may come before the send is recorded. ARGV: session,
-- fence, how long names are kept, then the names of the thread. Returns 1, or nil when the lease is lost.
local session = ARGV[1]
if not lease_valid(session, ARGV[2], clock()) then return nil end
for i = 4, #ARGV do
  local name = 'tg:person:' .. ARGV[i]
  redis.call('HSET', name, 'session', session, 'with', '')
  redis.call('PEXPIRE', name, ARGV[3])
  redis.call('SADD', key(session, ':names'), ARGV[i])
end
redis.call('PEXPIRE', key(session, ':names'), ARGV[3])
return 1
