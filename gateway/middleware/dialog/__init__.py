"""Wrappers around the dialog, which see each turn and its answer."""
