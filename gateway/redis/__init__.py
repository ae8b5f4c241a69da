"""Core's ports on Redis."""
