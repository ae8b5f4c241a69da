"""One connection for many callers: pipelined, multiplexed, in batches."""
