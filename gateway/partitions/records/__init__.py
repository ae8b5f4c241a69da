"""Records in all partitions, asked for and changed as one."""
