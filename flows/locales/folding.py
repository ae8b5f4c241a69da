"""Folding of a language pack's words, which are written as people write them: lower case, no accents.

The recognizers work on folded text.
"""

from __future__ import annotations

from collections.abc import Mapping

from flows.text import normalize, tokenize

Words = frozenset[str]
"""Single folded words, for membership."""

Phrases = tuple[str, ...]
"""Folded words or phrases, for patterns."""


def words(text: str) -> Words:
    """Return the folded words of a text, as a set."""
    return frozenset(tokenize(text))


def phrases(text: str) -> Phrases:
    """Return the folded phrases of a comma-separated list."""
    return tuple(normalize(phrase.strip()) for phrase in text.split(",") if phrase.strip())


def number_words(text: str, start: int = 0, step: int = 1) -> dict[str, int]:
    """Number the words of a text: `start`, `start + step` and so on."""
    return {word: start + step * index for index, word in enumerate(tokenize(text))}


def fold_keys(entries: Mapping[str, str]) -> dict[str, str]:
    """Return the entries by their folded names."""
    return {normalize(name): value for name, value in entries.items()}


def alternatives(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the folded spellings of each item of a list such as `january jan, february feb`."""
    return tuple(tokenize(item) for item in text.split(","))
