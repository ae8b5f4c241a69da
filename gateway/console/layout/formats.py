"""Formats of the console: times, durations, numbers, names, and the words for states."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from time import time
from typing import Final, NamedTuple, Protocol

from core.model import Owner

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000


_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that show nothing."""


class _Contact(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def contact(self) -> str: ...


class StateWords(NamedTuple):
    """A state as the console shows it: word, icon and tone, never the colour alone."""

    word: str
    icon: str
    tone: str = ""


OWNERS: Final = {
    Owner.BOT: StateWords("Bot has it", "chip"),
    Owner.WAITING: StateWords("Waiting for agent", "clock", "warn"),
    Owner.HUMAN: StateWords("Agent has it", "person", "info"),
    Owner.CLOSED: StateWords("Closed", "lock"),
}


def format_time(at_ms: int) -> str:
    """Return a time of today as `03:24:05`, any other with its date. Always UTC."""
    when, today = datetime.fromtimestamp(at_ms / 1000, UTC), datetime.now(UTC).date()
    if when.date() == today:
        return when.strftime("%H:%M:%S")
    pattern = "%-d %b %H:%M" if when.year == today.year else "%-d %b %Y"
    return when.strftime(pattern)


def format_clock(at_ms: int) -> str:
    """Return the time of day with hundredths of a second."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-4]


def format_day(at_ms: int) -> str:
    """Return a date such as `Sat 28 Nov 2026`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%a %-d %b %Y")


def format_iso(at_ms: int) -> str:
    """Return a time for the attribute `datetime`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def format_duration(milliseconds: float) -> str:
    """Return a duration such as `420 ms`, `1.50 s`, `4 min 12 s`, `3 h` or `2 d`."""
    span = max(int(milliseconds), 0)
    if span < _SECOND:
        return f"{span} ms"
    if span < _MINUTE:
        # never rounded up to 60 s
        return f"{span // 10 / 100:.2f} s" if span < 10 * _SECOND else f"{span // 100 / 10:.1f} s"
    if span < _HOUR:
        minutes, rest = divmod(span, _MINUTE)
        return f"{minutes} min {rest // _SECOND} s" if rest >= _SECOND else f"{minutes} min"
    if span < 2 * _DAY:
        hours, rest = divmod(span, _HOUR)
        return f"{hours} h {rest // _MINUTE} min" if rest >= _MINUTE and hours < 10 else f"{hours} h"
    return f"{span // _DAY} d"


def format_age(at_ms: int) -> str:
    """Return how long ago a time was."""
    return format_duration(time() * 1000 - at_ms)


def format_number(number: int) -> str:
    """Return a number with separators."""
    return f"{number:,}"


def display_name(row: _Contact) -> str:
    """Return the contact's name, or their number or ID if they have none that can be seen."""
    return row.name if any(map(_is_visible, row.name)) else row.contact


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNPS" and letter not in _BLANK_LETTERS
