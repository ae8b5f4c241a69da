"""What `turngate run` starts: child processes, the simulator server, simulated accounts."""
