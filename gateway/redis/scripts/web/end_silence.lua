-- Let the bot speak again in a session that its limits have silenced. ARGV: session. Returns 1, or 0 if it is not silent.
if redis.call('HEXISTS', key(ARGV[1]), 'silenced') == 0 then return 0 end
end_silence(ARGV[1], 'operator')
return 1
