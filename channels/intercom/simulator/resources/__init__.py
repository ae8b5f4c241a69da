"""Resources of the simulated API."""
