"""Programs that the benchmarks talk to or compare with."""
