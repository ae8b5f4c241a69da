-- The time zone of a contact's profile is known. ARGV: session, zone. An erased session stays erased.
local session = ARGV[1]
if redis.call('HEXISTS', key(session), 'address') == 1 then redis.call('HSET', key(session), 'zone', ARGV[2]) end
return 1
