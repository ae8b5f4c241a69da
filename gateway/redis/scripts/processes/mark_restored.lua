-- Mark the first reply of each session as tried: it may have been sent after the backup, so the provider is asked before it
-- is sent. ARGV: sessions. Returns the lengths of the mailbox and of the outbox of each.
local answer = {}
for _, session in ipairs(ARGV) do
  local s, reply = key(session), redis.call('LINDEX', key(session, ':out'), 0)
  local fields = stored_table(reply or '')
  if fields.key and redis.call('HEXISTS', s, 'marked') == 0 then
    redis.call('HSET', s, 'marked', fields.key, 'marked_at', fields.committed_at_ms or clock(),
      'marked_to', redis.call('HGET', s, 'address') or '')
  end
  answer[#answer + 1] = redis.call('LLEN', key(session, ':mail'))
  answer[#answer + 1] = redis.call('LLEN', key(session, ':out'))
end
return answer
