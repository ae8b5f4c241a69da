"""Search index of the words of messages."""
