-- Store the provider's ids of replies by our own keys of them, unless their contact was erased. ARGV: milliseconds they are
-- kept, then for each its key, the provider's id and the key of the message. Returns nothing.
for i = 2, #ARGV, 3 do
  if not is_erased(ARGV[i + 2]) then redis.call('SET', ARGV[i], ARGV[i + 1], 'PX', ARGV[1]) end
end
