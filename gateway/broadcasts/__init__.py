"""Broadcasts: one message to many contacts, with variables for each, through the gate of every message."""
