"""Servers of a chaos test: under Sentinels, as a cluster, on virtual hosts, behind slow links."""
