"""Processes of `turngate run`: child processes, the simulator server, simulated accounts."""
