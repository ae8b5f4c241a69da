"""Conversations of the console: list, one conversation, actions on it."""
