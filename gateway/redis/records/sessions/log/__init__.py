"""Log of a session: its entries, those of one message, and their words."""
