"""Numbers with their nouns, for messages to people."""

from __future__ import annotations


def count_of(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: `1 reply`, `2 replies`. `many` is needed where adding an s is wrong."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
