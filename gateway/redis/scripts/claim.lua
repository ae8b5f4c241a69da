-- ARGV: stamp, session. Returns {fence, view}, or nil while somebody else holds the lease.
return claim(ARGV[2], clock(), ARGV[1])
