-- Law L9: the first turn or reply cannot be read by this release; set it aside as it is, so that the session goes on.
-- ARGV: session, fence, mail or out. Returns the view, or nil when the lease is lost.
local session, now = ARGV[1], clock()
if not holds(session, ARGV[2], now) then return nil end
local item = redis.call('LPOP', key(session, ':' .. ARGV[3]))
if item then
  set_aside(session, cjson.encode({reason = 'this release cannot read it', raw = item}))
  redis.call('HDEL', key(session), 'tries', 'marked', 'marked_at', 'waits', 'slot')
end
return view(session, now)
