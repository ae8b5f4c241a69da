"""Parses points in time: ISO 8601 with an offset, or a local time in a time zone."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

_WRITTEN: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII | re.IGNORECASE
)


def load_time_zone(name: str) -> ZoneInfo:
    """Return a time zone of the IANA database. Raises `ValueError` with a sentence."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, or a folder
        raise ValueError("unknown time zone; write it as Europe/Berlin") from None


def parse_point_in_time(text: str, time_zone: str = "") -> int:
    """Return the milliseconds since the epoch of an ISO 8601 time. Raises `ValueError` with a sentence.

    A time without an offset is one in `time_zone`. Of a local time that occurs twice, when clocks are put
    back, it is the first; one that is skipped when they are put forward is as much later (02:30 is 03:30).
    """
    written = text.strip()
    if not _WRITTEN.fullmatch(written):
        raise ValueError("not a time of ISO 8601, such as 2026-07-01T09:30:00+02:00")
    try:
        moment = datetime.fromisoformat(written.upper())
    except ValueError:
        raise ValueError("there is no such date or time") from None
    if moment.tzinfo is not None and time_zone:
        raise ValueError("give an offset or a time zone, not both")
    if moment.tzinfo is None:
        if not time_zone:
            raise ValueError("the time has no offset; add one, such as +02:00 or Z, or give a time zone")
        moment = moment.replace(tzinfo=load_time_zone(time_zone))
    try:
        return int(moment.timestamp() * 1000)
    except OverflowError:
        raise ValueError("there is no such date or time") from None
