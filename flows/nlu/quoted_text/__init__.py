"""Quoted text of a message: tapbacks, quoted lines, earlier messages."""
