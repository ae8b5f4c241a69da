-- Erased contacts (GDPR). What a provider or an old worker still tells of them is not stored again.
--   tg:erased  zset  salted digests of their messages, by the time of the erasure, for as long as ids are deduplicated

local has_erasures  -- cache for this script run

-- `names` are the keys of sent messages, and received ones as their session (or another name of it) and their id.
local function mark_erased(names, now)
  if #names == 0 then return end
  ensure_salt(names[1])
  for _, name in ipairs(names) do redis.call('ZADD', 'tg:erased', now, name_digest(name)) end
  redis.call('ZREMRANGEBYSCORE', 'tg:erased', '-inf', now - DEDUP_MS)
  redis.call('PEXPIRE', 'tg:erased', DEDUP_MS)
  has_erasures = true
end

local function is_erased(name)
  if has_erasures == nil then has_erasures = redis.call('EXISTS', 'tg:erased') == 1 end
  return has_erasures and redis.call('ZSCORE', 'tg:erased', name_digest(name) or '') ~= false
end
