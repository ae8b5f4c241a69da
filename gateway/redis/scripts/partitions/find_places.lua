-- The partitions of contacts' names (gateway/partitions/directory.py). ARGV: how long a name is kept, in ms, then names.
-- Returns the number of the partition of each, or ''.
local places = {}
for i = 2, #ARGV do
  local index = 'tg:place:' .. ARGV[i]
  local place = redis.call('GET', index)
  if place and redis.call('PTTL', index) < ARGV[1] / 2 then redis.call('PEXPIRE', index, ARGV[1]) end
  places[#places + 1] = place or ''
end
return places
