"""Middleware around a channel, for outbound messages."""
