"""Flows of the console: the flows in use, their drawings, a chat with each."""
