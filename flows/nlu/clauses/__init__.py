"""Clauses of a message: what a denial covers, what is reported, what stands beside a value."""
