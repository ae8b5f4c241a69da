"""Encryption at rest: what people said and who they are, in Redis, in its files and in backups."""
