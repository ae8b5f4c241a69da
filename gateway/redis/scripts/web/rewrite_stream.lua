-- Write a stream anew with other values in some entries, which cannot be changed where they are. IDs, order and time to
-- live stay. ARGV: stream, the number of entries up to which that is done in one step, the field, then id and new value
-- of each entry. Returns how many were replaced, or -1 if the stream is longer.
if redis.call('EXISTS', ARGV[1]) == 0 then return 0 end
if redis.call('XLEN', ARGV[1]) > tonumber(ARGV[2]) then return -1 end
local info, last = redis.call('XINFO', 'STREAM', ARGV[1]), nil
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then last = info[i + 1] end
end
local values, replaced, ttl = {}, 0, redis.call('PTTL', ARGV[1])
for i = 4, #ARGV, 2 do values[ARGV[i]] = ARGV[i + 1] end
local rows = redis.call('XRANGE', ARGV[1], '-', '+')
redis.call('DEL', ARGV[1])
for _, row in ipairs(rows) do
  local fields, value = row[2], values[row[1]]
  for i = 1, #fields, 2 do
    if value and fields[i] == ARGV[3] then
      fields[i + 1] = value
      replaced = replaced + 1
    end
  end
  redis.call('XADD', ARGV[1], row[1], unpack(fields))
end
if #rows > 0 then redis.call('XSETID', ARGV[1], last) end
if ttl > 0 then redis.call('PEXPIRE', ARGV[1], ttl) end
return replaced
