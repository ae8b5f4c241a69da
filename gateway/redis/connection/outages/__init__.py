"""Failures of the server: refused writes, outages, and retries."""
