"""Resources of the simulated API beside messages."""
