"""Parts that benchmarks share: load, checks, charts."""
