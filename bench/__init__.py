"""Benchmarks: cost of the gateway, measured in one run against a named alternative (`make bench`)."""
