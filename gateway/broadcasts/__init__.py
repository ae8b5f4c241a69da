"""Broadcasts: one message to many contacts, with variables for each; all checks before a send apply."""
