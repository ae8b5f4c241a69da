"""Commands of an installation: set-up, checks, keys, backups, partitions, hooks."""
