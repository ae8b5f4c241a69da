-- Store in which partition a sent message is, by the provider's ID. ARGV: key of the pointer, number of the partition, how
-- long it is kept in ms, key of the message. Returns a status that came before, which is taken from here: its rank, status,
-- log entry, class of failure and pause; nil if there is none.
redis.call('SET', ARGV[1], ARGV[2], 'PX', ARGV[3])
local early = redis.call('HMGET', ARGV[4], 'rank', 'status', 'entry', 'failure', 'pause', 'session')
if not early[1] or early[6] then return nil end
return {early[1], early[2], early[3], early[4] or '', early[5] or ''}
