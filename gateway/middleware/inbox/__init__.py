"""Middleware around the inbox, for inbound events."""
