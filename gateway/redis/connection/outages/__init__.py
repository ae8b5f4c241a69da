"""Failures of the server: refused writes, outages, and trying again."""
