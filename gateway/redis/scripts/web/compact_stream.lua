-- Write a stream anew after entries were deleted: the server keeps their bytes in its nodes until a whole node is deleted.
-- ARGV: stream, the number of entries up to which that is done in one step. Returns whether it was (1 or 0).
if redis.call('EXISTS', ARGV[1]) == 0 then return 1 end
if redis.call('XLEN', ARGV[1]) > tonumber(ARGV[2]) then return 0 end
local info, last = redis.call('XINFO', 'STREAM', ARGV[1]), nil
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then last = info[i + 1] end
end
local rows = redis.call('XRANGE', ARGV[1], '-', '+')
redis.call('DEL', ARGV[1])
for _, row in ipairs(rows) do redis.call('XADD', ARGV[1], row[1], unpack(row[2])) end
if #rows > 0 then redis.call('XSETID', ARGV[1], last) end
return 1
