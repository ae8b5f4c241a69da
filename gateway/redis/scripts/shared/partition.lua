-- Partitions of a Redis Cluster (gateway/redis/connection/cluster/partition.py). A call there declares one key, `{p0}:-`, which
-- never exists, so that a server which does not own the slot, or is moving it away, refuses the call before anything is
-- written. With that key every other one gets its prefix here; without it, keys are as they are written.
local redis = redis

if KEYS[1] then
  local server, prefix = redis, KEYS[1]:sub(1, -2)
  local without_keys = {PUBLISH = true}
  local only_keys = {DEL = true, EXISTS = true, UNLINK = true, SUNIONSTORE = true}
  local positions = {LMOVE = {1, 2}, RENAME = {1, 2}, XINFO = {2}, ZUNIONSTORE = {1, 3}}

  local function add_prefix(name)
    if name:sub(1, #prefix) == prefix then return name end
    return prefix .. name
  end

  local function call(command, first, ...)
    if not first then return server.call(command) end
    if without_keys[command] then return server.call(command, first, ...) end
    if not only_keys[command] and not positions[command] then return server.call(command, add_prefix(first), ...) end
    local arguments = {first, ...}
    if only_keys[command] then
      for i, name in ipairs(arguments) do arguments[i] = add_prefix(name) end
    else
      for _, i in ipairs(positions[command]) do arguments[i] = add_prefix(arguments[i]) end
    end
    return server.call(command, unpack(arguments))
  end
  redis = {call = call, sha1hex = server.sha1hex, error_reply = server.error_reply}
end
