-- Guarantee L9: move the first turn or reply, unreadable for this release, to the dead letters; the session continues.
-- ARGV: session, fence, mail or out. Returns the view, or nil when the lease is lost.
local session, now = ARGV[1], clock()
if not lease_valid(session, ARGV[2], now) then return nil end
local item = redis.call('LPOP', key(session, ':' .. ARGV[3]))
if item then
  add_dead_letter(session, cjson.encode({reason = 'this release cannot read it', raw = item}))
  redis.call('HDEL', key(session), 'tries', 'marked', 'marked_at', 'waits', 'slot')
end
return read_view(session, now)
