"""The web channel: HTTP API, streaming, session tokens and the widget."""
