"""Redis servers: the embedded one, readiness, backup and restore."""
