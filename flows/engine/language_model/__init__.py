"""Use of a language model in a turn: decisions, written text, moderation, summaries, pictures."""
