"""Providers with protocols of their own, by the any-llm library, an extra."""
