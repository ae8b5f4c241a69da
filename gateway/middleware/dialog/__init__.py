"""Middleware around the dialog, for turns and their answers."""
