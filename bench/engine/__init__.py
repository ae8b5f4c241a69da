"""Benchmarks of the dialog engine."""
