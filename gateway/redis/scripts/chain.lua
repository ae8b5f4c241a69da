-- Runs `steps` one after the other and stops at the first that answers nil (the lease is lost).
-- ARGV: for each step the number of its arguments, and these.
local answers, at = {}, 1
for _, step in ipairs(steps) do
  local own, size = {}, tonumber(ARGV[at])
  for i = 1, size do own[i] = ARGV[at + i] end
  at = at + size + 1
  local answer = step(own)
  if answer == nil then break end
  answers[#answers + 1] = answer
end
return answers
