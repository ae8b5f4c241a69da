"""Several partitions as one installation: routing of contacts, and operations on all partitions."""
