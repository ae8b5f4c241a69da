-- Read the opt-outs that are kept under names. ARGV: names. Returns the scope for each, '' if there is none.
local scopes = {}
for i, name in ipairs(ARGV) do
  local digest = name_digest(name)
  scopes[i] = digest and redis.call('HGET', 'tg:optout_names', digest) or ''
end
return scopes
