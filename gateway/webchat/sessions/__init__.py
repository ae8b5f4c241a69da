"""Authentication of web clients: session tokens, identified users, and their limit."""
