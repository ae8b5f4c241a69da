-- Replace stored values by the same ones in another encoding, unless they have changed meanwhile. ARGV: key, hash or list,
-- then for each value its field or index, the value as it was read, and the new one. Returns how many were replaced.
local name, replaced = ARGV[1], 0
for i = 3, #ARGV, 3 do
  local read, write = 'HGET', 'HSET'
  if ARGV[2] == 'list' then read, write = 'LINDEX', 'LSET' end
  if redis.call(read, name, ARGV[i]) == ARGV[i + 1] then
    redis.call(write, name, ARGV[i], ARGV[i + 2])
    replaced = replaced + 1
  end
end
return replaced
