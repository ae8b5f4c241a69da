"""Regular expressions that an author wrote, on what people write: bounded in time and in length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import regex

LONGEST = 2_000
"""A longer text is matched by nothing."""

_SECONDS = 0.02
_KEPT = 2_000
_MOST_TIMES = 10_000
_SIGN = re.compile(r"\\N\{[^}]*\}|\\.|\[\^?\]?|\{(?:\d+(?:,\d*)?|,\d*)\}|.", re.DOTALL)
_AT_LEAST = re.compile(r"(?<!\\)\{(\d+)[,}]")
_RUN = re.compile(r"\w{2,}")
_LETTERS = ("a", "A", "1", " ", "-", ",", ".", "a1", "a ", "1,")


class Match(Protocol):
    """What was found."""

    def groupdict(self) -> dict[str, str | None]:
        """The named groups."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression as Python's `re` reads it. A match that takes too long counts as none."""

    source: str
    any_case: bool = False

    def search(self, text: str) -> Match | None:
        """The first match anywhere in `text`."""
        return self._found("search", text)

    def fullmatch(self, text: str) -> Match | None:
        """The match of all of `text`."""
        return self._found("fullmatch", text)

    def _found(self, how: str, text: str) -> Match | None:
        if len(text) > LONGEST:
            return None
        try:
            found: Match | None = getattr(_compiled(self.source, self.any_case), how)(text, timeout=_SECONDS)
        except TimeoutError:
            return None
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its groups."""
        return tuple(_compiled(self.source, self.any_case).groupindex)

    @property
    def is_slow(self) -> bool:
        """Whether it takes too long on one of the texts that slow patterns are known to be slow on."""
        compiled = _compiled(self.source, self.any_case)
        try:
            for text in _trying(self.source):
                compiled.search(text, timeout=_SECONDS)
        except TimeoutError:
            return True
        return False


def pattern_error(source: object) -> str:
    """Why this is no regular expression, as a sentence; empty when it is one."""
    if not isinstance(source, str):
        return "This must be a regular expression in quotes."
    if any(int(least[:9]) > _MOST_TIMES for least in _AT_LEAST.findall(source)):
        return f"A repetition of more than {_MOST_TIMES} times is too long."
    try:
        re.compile(_literally(source))
        _compiled(source, any_case=False)
    except (re.error, regex.error, ValueError, OverflowError, RecursionError, MemoryError, Warning) as error:
        return f"This is not a regular expression: {error}."
    return ""


@lru_cache(maxsize=_KEPT)
def _compiled(source: str, any_case: bool) -> Any:
    return regex.compile(_literally(source), regex.VERSION0 | (regex.IGNORECASE if any_case else 0))


def _literally(source: str) -> str:
    """The same expression for `regex`, which knows more signs: what is plain text to `re` stays plain text.

    These are a brace that repeats nothing, which would allow for typos, and a bracket or a doubled sign
    within a set, which would begin another set.
    """
    made, is_set = [], False
    for sign in _SIGN.findall(source):
        if is_set:
            is_set = sign != "]"
            sign = f"\\{sign}" if sign[0] in "[{&|~" else sign
        elif sign[0] == "[":
            is_set = True
        elif sign == "{":
            sign = "\\{"
        made.append(sign)
    return "".join(made)


def _trying(source: str) -> Iterator[str]:
    """Long texts of one part over and over, which end in what the expression hardly expects."""
    runs = list(dict.fromkeys(_RUN.findall(source)))[:10]
    for part in (*_LETTERS, *runs):
        yield part * (400 // len(part)) + "!" + "".join(runs)[:40]
