"""Message templates of the simulated business account."""
