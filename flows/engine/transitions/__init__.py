"""Selects and carries out transitions from node to node."""
