"""Records of processes and traffic: who runs, counters, load, delivery reports."""
