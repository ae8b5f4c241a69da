"""HTTP API of the web channel, and its description."""
