"""Benchmarks of the workers."""
