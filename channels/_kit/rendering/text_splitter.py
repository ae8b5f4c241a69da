"""Splits long text at natural breaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import regex

_UNBREAKABLE = re.compile(r"```.+?```|`[^`\n]+`|\b[A-Za-z][A-Za-z0-9+.-]{1,30}://\S+", re.DOTALL)
_BREAK_PATTERNS = (
    re.compile(r"\n[ \t]*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…。！？])[\"')»”]*\s"),
    re.compile(r"\s"),
)
_GRAPHEME = regex.compile(r"\X")
_MAX_GRAPHEME_LENGTH = 32


def utf16_length(text: str) -> int:
    """Return the length as providers count it: characters outside the basic plane, such as emoji, count 2."""
    return len(text) + sum(char > "\uffff" for char in text)


def split_text(text: str, limit: int, length: Callable[[str], int] = utf16_length) -> list[str]:
    """Split text into parts of at most `limit`, at the best break in reach; never an empty part.

    Paragraphs are preferred to lines, lines to sentences, sentences to words; links and code stay in one part
    if they fit. Only a word longer than a part is split inside, between grapheme clusters.
    """
    parts = []
    remaining = text.strip()
    while length(remaining) > limit:
        window = _fitting_length(remaining, limit, length)
        cut = _find_natural_break(remaining, window) or _find_grapheme_break(remaining, window)
        if part := remaining[:cut].rstrip():
            parts.append(part)
        remaining = remaining[cut:].lstrip()
    return [*parts, remaining] if remaining else parts


def _fitting_length(text: str, limit: int, length: Callable[[str], int]) -> int:
    """Return how many characters from the start fit; at least one."""
    end = min(limit, len(text))
    while end > 1 and (over := length(text[:end]) - limit) > 0:
        end -= max(1, over // 2)
    return max(end, 1)


def _find_natural_break(text: str, window: int) -> int:
    """Return the best break within the window, 0 if there is none."""
    head = text[: window + 1]
    spans = (match.span() for match in _UNBREAKABLE.finditer(text))
    unbreakable = [(start, end) for start, end in spans if start < window and end - start <= window]
    for number, pattern in enumerate(_BREAK_PATTERNS):
        earliest = window // 3 if number < 3 else 0
        cuts = [match.start() if number < 2 else match.end() for match in pattern.finditer(head)]
        if fitting := [
            cut for cut in cuts if earliest < cut <= window and not _is_inside_span(cut, unbreakable)
        ]:
            return fitting[-1]
    starts = [start for start, end in unbreakable if 0 < start < window < end]
    return starts[-1] if starts else 0


def _is_inside_span(cut: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start < cut < end for start, end in spans)


def _find_grapheme_break(text: str, window: int) -> int:
    r"""Return the last break in the window that does not split a grapheme cluster (UAX 29, `\X`)."""
    cut = 0
    for match in _GRAPHEME.finditer(text[: window + _MAX_GRAPHEME_LENGTH]):
        if match.end() > window:
            break
        cut = match.end()
    return _before_backslash(text, cut or window)


def _before_backslash(text: str, cut: int) -> int:
    """Return a break that separates no backslash from the character that it escapes."""
    backslashes = cut - len(text[:cut].rstrip("\\"))
    return cut - 1 if backslashes % 2 and cut > 1 else cut
