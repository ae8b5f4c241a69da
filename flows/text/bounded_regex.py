"""Regular expressions of authors, bounded in time and in the length of the text (ReDoS protection)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import regex

MAX_TEXT_LENGTH = 2_000
"""A longer text never matches."""

_TIMEOUT_SECONDS = 0.02
_CACHE_SIZE = 2_000
_MAX_REPETITIONS = 10_000
_REGEX_TOKEN = re.compile(r"\\N\{[^}]*\}|\\.|\[\^?\]?|\{(?:\d+(?:,\d*)?|,\d*)\}|.", re.DOTALL)
_MIN_REPETITIONS = re.compile(r"(?<!\\)\{(\d+)[,}]")
_WORD_RUN = re.compile(r"\w{2,}")
_PROBE_PARTS = ("a", "A", "1", " ", "-", ",", ".", "a1", "a ", "1,")


class RegexMatch(Protocol):
    """The part of a match that is used."""

    def groupdict(self) -> dict[str, str | None]:
        """Return the named groups."""


@dataclass(frozen=True, slots=True)
class BoundedRegex:
    """A regular expression in the syntax of Python's `re`. A match that times out counts as none."""

    source: str
    ignore_case: bool = False

    def search(self, text: str) -> RegexMatch | None:
        """Return the first match anywhere in `text`."""
        return self._match("search", text)

    def fullmatch(self, text: str) -> RegexMatch | None:
        """Return the match of the complete `text`."""
        return self._match("fullmatch", text)

    def _match(self, how: str, text: str) -> RegexMatch | None:
        if len(text) > MAX_TEXT_LENGTH:
            return None
        try:
            found: RegexMatch | None = getattr(_compile(self.source, any_case=self.ignore_case), how)(
                text, timeout=_TIMEOUT_SECONDS
            )
        except TimeoutError:
            return None
        return found

    @property
    def group_names(self) -> tuple[str, ...]:
        """The names of its groups."""
        return tuple(_compile(self.source, any_case=self.ignore_case).groupindex)

    @property
    def is_slow(self) -> bool:
        """True if it times out on a text that provokes catastrophic backtracking."""
        compiled = _compile(self.source, any_case=self.ignore_case)
        try:
            for text in _probe_texts(self.source):
                compiled.search(text, timeout=_TIMEOUT_SECONDS)
        except TimeoutError:
            return True
        return False


def pattern_error(source: object) -> str:
    """Return why a regular expression is invalid, or an empty string."""
    if not isinstance(source, str):
        return "This must be a regular expression in quotes."
    if any(int(least[:9]) > _MAX_REPETITIONS for least in _MIN_REPETITIONS.findall(source)):
        return f"A repetition of more than {_MAX_REPETITIONS} times is too long."
    try:
        re.compile(_escape_for_regex_module(source))
        _compile(source, any_case=False)
    except (re.error, regex.error, ValueError, OverflowError, RecursionError, MemoryError, Warning) as error:
        return f"This is not a regular expression: {error}."
    return ""


@lru_cache(maxsize=_CACHE_SIZE)
def _compile(source: str, *, any_case: bool) -> Any:
    return regex.compile(
        _escape_for_regex_module(source), regex.VERSION0 | (regex.IGNORECASE if any_case else 0)
    )


def _escape_for_regex_module(source: str) -> str:
    """Escape what is plain text to `re` but syntax to the `regex` module.

    These are a brace that repeats nothing, which would allow for typos, and a bracket or a doubled sign
    within a set, which would begin another set.
    """
    result, is_set = [], False
    for sign in _REGEX_TOKEN.findall(source):
        if is_set:
            is_set = sign != "]"
            sign = f"\\{sign}" if sign[0] in "[{&|~" else sign
        elif sign[0] == "[":
            is_set = True
        elif sign == "{":
            sign = "\\{"
        result.append(sign)
    return "".join(result)


def _probe_texts(source: str) -> Iterator[str]:
    """Yield long repetitive texts with an unexpected end."""
    runs = list(dict.fromkeys(_WORD_RUN.findall(source)))[:10]
    for part in (*_PROBE_PARTS, *runs):
        yield part * (400 // len(part)) + "!" + "".join(runs)[:40]
