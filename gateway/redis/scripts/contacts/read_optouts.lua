-- Read the opt-outs that are kept under names. ARGV: names. Returns the scope for each, '' if there is none.
local scopes = {}
for i, name in ipairs(ARGV) do
  local digest = name_digest(name)
  local scope = digest and redis.call('HGET', 'tg:optout_names', digest)
  scopes[i] = scope and scope ~= '0' and scope or ''
end
return scopes
