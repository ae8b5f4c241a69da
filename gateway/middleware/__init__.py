"""Wrappers around a dialog or a channel: routing, typing indicators, enrichment, transcription, hot reload."""
