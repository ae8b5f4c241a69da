-- Guarantee L9: move a turn or reply that this release cannot read to the dead letters; the session continues.
-- ARGV: session, fence, mail or out, the stored item. Nothing is moved if another is now the first. Returns the view, or
-- nil when the lease is lost.
local session, now = ARGV[1], clock()
if not lease_valid(session, ARGV[2], now) then return nil end
local list = key(session, ':' .. ARGV[3])
if redis.call('LINDEX', list, 0) == ARGV[4] then
  redis.call('LPOP', list)
  add_dead_letter(session, cjson.encode({reason = 'this release cannot read it', raw = ARGV[4]}))
  if ARGV[3] == 'out' then
    local reply = stored_field(ARGV[4], 'key')
    count_left(reply, 'rejected')
    count_broadcast(reply, 'failed')
  end
  redis.call('HDEL', key(session), 'tries', 'started', 'marked', 'marked_at', 'waits', 'slot', 'unknown', 'sends')
end
return read_view(session, now, ARGV[2])
