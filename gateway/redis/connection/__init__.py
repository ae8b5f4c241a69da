"""Redis connections: client factory, multiplexing, batching, server checks, notifications."""
