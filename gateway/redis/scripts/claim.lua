-- Acquire the lease. ARGV: stamp, session. Returns {fence, view}, or nil while another worker holds the lease.
return acquire_lease(ARGV[2], clock(), ARGV[1])
