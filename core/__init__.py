"""What a conversation is: turns, events, owners, and the ports that carry them. Touches no wire."""
