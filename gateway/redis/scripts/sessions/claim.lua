-- Acquire the lease. ARGV: stamp, session, nonce. Returns {fence, lease in milliseconds, view}, or nil while another worker holds the lease.
return acquire_lease(ARGV[2], clock(), ARGV[1], ARGV[3])
