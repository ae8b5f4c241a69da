"""A user's message, read once for all edges."""
