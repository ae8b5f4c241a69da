-- End an opt-out that is kept under a contact's name. ARGV: name. Returns 1, or 0 if there is none.
local digest = name_digest(ARGV[1])
return digest and redis.call('HDEL', 'tg:optout_names', digest) or 0
