-- An agent's internal note: an entry of the log, which is never sent. ARGV: session, log entry, key of the form that was
-- submitted or '', its milliseconds. Returns the entry's ID, '' for a form that was submitted before; nil for a session
-- that is not kept.
if redis.call('HEXISTS', key(ARGV[1]), 'address') == 0 then return nil end
if ARGV[3] ~= '' and not redis.call('SET', ARGV[3], 1, 'NX', 'PX', ARGV[4]) then return '' end
local id = log_entry(ARGV[1], 'note', ARGV[2])
start_retention_if_idle(ARGV[1])  -- the session of an opt-out outlives its log
return id
