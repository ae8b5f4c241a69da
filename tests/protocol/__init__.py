"""The session protocol as a pure model, explored to its last state and held against the real scripts."""
