-- RQ's own commands as one atomic step. ARGV: for each the number of its arguments, then these.
local at = 1
while at <= #ARGV do
  local last = at + tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, last))
  at = last + 1
end
