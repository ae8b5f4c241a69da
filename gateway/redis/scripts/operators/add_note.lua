-- An agent's internal note: an entry of the log, which is never sent. ARGV: session, log entry. Returns the entry's ID;
-- nil for a session that is not kept.
if redis.call('HEXISTS', key(ARGV[1]), 'address') == 0 then return nil end
return log_entry(ARGV[1], 'note', ARGV[2])
