"""Conversations: model, ports, session processing and in-process sessions. Does no network I/O."""
