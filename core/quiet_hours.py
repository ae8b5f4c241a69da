"""Quiet hours: the local time at which contacts get no proactive messages (guarantee L13)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

_PERIOD: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_PRESETS: Final = {"strict": "20:00-09:00", "off": ""}
_CATEGORIES: Final = frozenset({"marketing", "utility"})
_HORIZON_MS: Final = 3 * 86_400_000


@dataclass(frozen=True, slots=True)
class QuietPeriod:
    """A period of every day in local time; it may include midnight."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return a period such as `21:00-08:00`, or that of a preset; `None` for `off`.

        Raises `ValueError` with a sentence.
        """
        written = text.strip()
        written = _PRESETS.get(written, written)
        if not written:
            return None
        match = _PERIOD.fullmatch(written)
        if match is None:
            raise ValueError("write quiet hours as 21:00-08:00, strict or off")
        numbers = [int(each) for each in match.groups()]
        start, end = time(numbers[0], numbers[1]), time(numbers[2], numbers[3])
        if start == end:
            raise ValueError("quiet hours begin and end at the same time; write off to have none")
        return cls(start, end)

    def find_end(self, at: datetime) -> datetime | None:
        """Return when the quiet period at this local time is over; `None` if it is not quiet."""
        now = at.time()
        if self.start < self.end:
            is_quiet = self.start <= now < self.end
        else:
            is_quiet = now >= self.start or now < self.end
        if not is_quiet:
            return None
        day = at.date() if now < self.end else at.date() + timedelta(days=1)
        return datetime.combine(day, self.end, at.tzinfo)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Quiet periods by the category of a message; one without a period of its own has the default."""

    default: QuietPeriod | None = None
    by_category: Mapping[str, QuietPeriod | None] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `21:00-08:00`, or `marketing=strict, utility=off`. Raises `ValueError` with a sentence."""
        if "=" not in text:
            return cls(QuietPeriod.parse(text))
        periods = {}
        for item in text.split(","):
            category, _, period = (part.strip() for part in item.partition("="))
            if category not in _CATEGORIES:
                raise ValueError(f"unknown category; there are {' and '.join(sorted(_CATEGORIES))}")
            periods[category] = QuietPeriod.parse(period)
        return cls(None, periods)

    def find_end(self, category: str, now_ms: int, zones: Sequence[ZoneInfo]) -> int | None:
        """Return the end of quiet hours in all zones, in ms since the epoch; 0 if it is not quiet now.

        `None` if it is always quiet in one of them.
        """
        period = self.by_category.get(category, self.default)
        if period is None:
            return 0
        at_ms = now_ms
        while at_ms < now_ms + _HORIZON_MS:
            ends = [period.find_end(datetime.fromtimestamp(at_ms / 1000, zone)) for zone in zones]
            latest = max((int(end.timestamp() * 1000) for end in ends if end), default=0)
            if not latest:
                return at_ms if at_ms > now_ms else 0
            at_ms = max(latest, at_ms + 60_000)
        return None
