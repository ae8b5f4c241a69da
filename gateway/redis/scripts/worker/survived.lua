-- Guarantee L9: a worker that lost the lease is alive, so its start of the turn was no death. ARGV: session, fence.
clear_start(ARGV[1], ARGV[2])
if redis.call('EXISTS', key(ARGV[1], ':mail')) == 1 then redis.call('HINCRBY', key(ARGV[1]), 'losses', 1) end
return 1
