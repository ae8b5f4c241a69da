-- How conversations go through the flows, by day since the epoch, for the console.
--   tg:flow_traffic:*  hash  how often a conversation of a channel went from a node (empty: it began) to another: CHANNEL, FROM
--                            and TO by lines

local NODE_TRAFFIC_MS = 8 * 24 * 3600 * 1000

local function count_step(account, former, node, now)
  local day = 'tg:flow_traffic:' .. string.format('%d', math.floor(now / 86400000))
  local step = channel_of(account) .. '\n' .. (former or '') .. '\n' .. node
  if redis.call('HINCRBY', day, step, 1) == 1 and redis.call('HLEN', day) > MAX_COUNTERS then
    redis.call('HDEL', day, step)
  end
  redis.call('PEXPIRE', day, NODE_TRAFFIC_MS)
end
