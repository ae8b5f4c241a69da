"""Outbound events: signed webhooks to the operator's own systems."""
