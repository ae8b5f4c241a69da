-- Write a stream anew, some entries in each step: into a copy, which takes the stream's place with the last one. IDs, order
-- and time to live stay. For values that cannot be changed where they are, and because the server keeps the bytes of deleted
-- entries in its nodes until a whole node is deleted. One process at a time copies a stream.
-- ARGV: stream, token of the process, the last ID that it has copied (empty: begin), how many entries in this step, the
-- field of the new values, then ID and new value of each entry that changes.
-- Returns a word, the last ID that is copied, and how many values are new: `more`, `done`, `busy` (another process copies),
-- `again` (begin anew: the copy has expired, or entries were deleted meanwhile).
--   tg:stream_copy:STREAM    stream  what is copied so far, with a time to live in case its process dies
--   tg:stream_copier:STREAM  string  token of the process, with a time to live
local stream, token, cursor, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local copy, copier = 'tg:stream_copy:' .. stream, 'tg:stream_copier:' .. stream
local holder = redis.call('GET', copier)
if holder and holder ~= token then return {'busy', '', 0} end
if cursor ~= '' and not holder then return {'again', '', 0} end
if cursor == '' then redis.call('UNLINK', copy) end
redis.call('SET', copier, token, 'PX', STREAM_COPIER_MS)

local function finish(word)
  redis.call('UNLINK', copy, copier)
  return {word, '', 0}
end

local function info_of(name, wanted)
  local info = redis.call('XINFO', 'STREAM', name)
  for i = 1, #info, 2 do
    if info[i] == wanted then return info[i + 1] end
  end
end

if redis.call('EXISTS', stream) == 0 then return finish('done') end
local values, replaced = {}, 0
for i = 6, #ARGV, 2 do values[ARGV[i]] = ARGV[i + 1] end
local rows = redis.call('XRANGE', stream, cursor == '' and '-' or '(' .. cursor, '+', 'COUNT', limit)
for _, row in ipairs(rows) do
  local fields, value = row[2], values[row[1]]
  for i = 1, #fields, 2 do
    if value and fields[i] == ARGV[5] then
      fields[i + 1] = value
      replaced = replaced + 1
    end
  end
  redis.call('XADD', copy, row[1], unpack(fields))
  cursor = row[1]
end
if #rows == limit then
  redis.call('PEXPIRE', copy, STREAM_COPIER_MS)
  return {'more', cursor, replaced}
end

-- Everything is copied. Of what was copied, entries may have been trimmed or deleted since.
local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
if not first then
  redis.call('UNLINK', stream)
  return finish('done')
end
redis.call('XTRIM', copy, 'MINID', first[1])
if redis.call('XLEN', copy) ~= redis.call('XLEN', stream) then return finish('again') end
redis.call('XSETID', copy, info_of(stream, 'last-generated-id'))
local ttl = redis.call('PTTL', stream)
if ttl > 0 then redis.call('PEXPIRE', copy, ttl) else redis.call('PERSIST', copy) end
redis.call('UNLINK', stream)
redis.call('RENAME', copy, stream)
redis.call('DEL', copier)
return {'done', cursor, replaced}
