"""What the gateway costs, measured in one run against a named alternative. Start it with `make bench`."""
