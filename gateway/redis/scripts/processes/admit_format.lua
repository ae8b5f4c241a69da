-- Admit a process by the format of what it stores. ARGV: its format, and the distance that can run side by side.
-- Returns the newest format that was admitted before, or its own; the caller refuses to run when it is too far off.
local own, distance = tonumber(ARGV[1]), tonumber(ARGV[2])
local newest = tonumber(redis.call('GET', 'tg:format')) or own
if own >= newest and own - newest <= distance then
  redis.call('SET', 'tg:format', own)
end
return newest
