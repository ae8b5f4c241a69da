"""Redaction of webhooks that are kept."""
