"""Redaction of one message."""
