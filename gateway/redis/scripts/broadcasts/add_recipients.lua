-- Store recipients of a broadcast. ARGV: name, the token of the start that stores them, then rows as JSON.
-- Returns 1, or nil if another start of the same broadcast has begun since.
local broadcast = 'tg:broadcast:' .. ARGV[1]
local stored = redis.call('HMGET', broadcast, 'state', 'loader')
if stored[1] ~= 'loading' or stored[2] ~= ARGV[2] then return nil end
local rows = 'tg:broadcast_rows:' .. ARGV[1]
for i = 3, #ARGV do redis.call('RPUSH', rows, ARGV[i]) end
redis.call('PEXPIRE', rows, RETENTION_MS)  -- the start may never be finished
return 1
