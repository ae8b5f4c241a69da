-- Store the partition of names. ARGV: how long a name is kept, in ms, the partition's number, whether it replaces another
-- one ('1', '' if the first writer's stays, or 'known' if only an entry that there is), then names. Returns the number of the
-- partition of each name, or ''.
local places = {}
for i = 4, #ARGV do
  local index = 'tg:place:' .. ARGV[i]
  if ARGV[3] == '1' then
    redis.call('SET', index, ARGV[2], 'PX', ARGV[1])
  else
    redis.call('SET', index, ARGV[2], 'PX', ARGV[1], ARGV[3] == '' and 'NX' or 'XX')
  end
  places[#places + 1] = redis.call('GET', index) or ''
end
return places
