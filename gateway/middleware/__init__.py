"""Wrappers around a dialog or a channel: routing, typing, enrichment, transcription, hot reload."""
