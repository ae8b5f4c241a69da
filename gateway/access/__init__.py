"""Operator access: keys, roles, and the origin of a request."""
