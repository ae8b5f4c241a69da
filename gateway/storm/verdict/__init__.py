"""Verdict of a chaos test: invariants, result and report."""
