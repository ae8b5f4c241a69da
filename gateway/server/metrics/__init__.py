"""Metrics for Prometheus: shared values from Redis, values of each process, and their text format."""
