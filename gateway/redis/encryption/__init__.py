"""Encryption at rest: message texts and personal data in Redis, in its files and in backups."""
