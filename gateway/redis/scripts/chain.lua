-- Runs `steps` one after the other for each of several sessions. A session's first step that answers nil (the lease is
-- lost) or fails is its last; the other sessions go on.
-- ARGV: for each session and step the number of its arguments, and these. Returns the answers of each, or its error.
local all, at = {}, 1
while at <= #ARGV do
  local answers, stopped = {}, false
  for _, step in ipairs(steps) do
    local own, size = {}, tonumber(ARGV[at])
    for i = 1, size do own[i] = ARGV[at + i] end
    at = at + size + 1
    if not stopped then
      local fine, answer = pcall(step, own)
      stopped = not fine or answer == nil
      if not fine then
        answers = redis.error_reply(type(answer) == 'table' and answer.err or tostring(answer))
      elseif answer ~= nil then
        answers[#answers + 1] = answer
      end
    end
  end
  all[#all + 1] = answers
end
return all
