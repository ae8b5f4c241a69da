-- Store the partition of names. ARGV: how long a name is kept, in ms, the partition's number, whether it replaces another
-- one (1 or ''), then names. Returns the number of the partition of each name: without replacement the first writer's.
local places = {}
for i = 4, #ARGV do
  local index = 'tg:place:' .. ARGV[i]
  if ARGV[3] == '1' then
    redis.call('SET', index, ARGV[2], 'PX', ARGV[1])
  else
    redis.call('SET', index, ARGV[2], 'PX', ARGV[1], 'NX')
  end
  places[#places + 1] = redis.call('GET', index)
end
return places
