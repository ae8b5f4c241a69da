"""Chaos test: load and faults against a disposable gateway, checked against the guarantees."""
