"""The messages of a turn: a node's replies, reminders, and its outcome."""
