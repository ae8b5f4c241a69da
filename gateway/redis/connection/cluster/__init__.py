"""Redis Cluster: the address, the partition in one hash slot, and clients that follow it."""
