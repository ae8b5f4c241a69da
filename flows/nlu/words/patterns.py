"""Parts of regular expressions made of a language's words."""

from __future__ import annotations

import re
from collections.abc import Iterable


def one_of(words: Iterable[str]) -> str:
    """Return a pattern for any of these words or phrases, the longest first; with none it matches nothing."""
    escaped = [re.escape(word).replace(r"\ ", r"\s+") for word in _sort_longest_first(words)]
    return f"(?:{'|'.join(escaped)})" if escaped else r"(?!)"


def any_pattern(patterns: Iterable[str]) -> str:
    """Return a pattern for any of these patterns; with none it matches nothing."""
    joined = "|".join(_unique(patterns))
    return f"(?:{joined})" if joined else r"(?!)"


def _sort_longest_first(words: Iterable[str]) -> list[str]:
    return sorted(set(words), key=lambda word: (-len(word), word))


def _unique(patterns: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(patterns))
