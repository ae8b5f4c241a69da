"""Deciding what to say: the flow document, the engine that runs it, and the models behind it."""
