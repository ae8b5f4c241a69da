-- Run `steps` in order for each of several sessions. A step that returns nil (the lease is lost) or fails ends its
-- session; the other sessions continue.
-- ARGV: for each session and step the number of its arguments, then these. Returns the answers of each, or its error.
local answers_by_session, at = {}, 1
while at <= #ARGV do
  local answers, stopped = {}, false
  for _, step in ipairs(steps) do
    local arguments, size = {}, tonumber(ARGV[at])
    for i = 1, size do arguments[i] = ARGV[at + i] end
    at = at + size + 1
    if not stopped then
      local ok, answer = pcall(step, arguments)
      stopped = not ok or answer == nil
      if not ok then
        answers = redis.error_reply(type(answer) == 'table' and answer.err or tostring(answer))
      elseif answer ~= nil then
        answers[#answers + 1] = answer
      end
    end
  end
  answers_by_session[#answers_by_session + 1] = answers
end
return answers_by_session
