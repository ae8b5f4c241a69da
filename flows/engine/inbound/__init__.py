"""Reads what a user's message says before anything is decided by it."""
