"""Checks of a server: whether it is suitable, and its load."""
