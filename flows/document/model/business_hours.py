"""Business hours: when agents answer, in the business's time zone."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from flows.document.model.base import FlowModel

_INTERVAL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(([01]\d|2[0-3]):([0-5]\d)|24:00)")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _validate_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"“{name}” is not a time zone; name one like Europe/Berlin") from None
    return name


def _parse_interval(text: str) -> str:
    begin, _, end = text.partition("-")
    if not _INTERVAL.fullmatch(text) or begin >= end:
        raise ValueError(f"“{text}” is not a time range; write it like 09:00-17:00")
    return text


DayIntervals = tuple[Annotated[str, AfterValidator(_parse_interval)], ...]


class BusinessHours(FlowModel):
    """The intervals of each day, like `["09:00-12:00", "13:00-17:00"]`; a day without an entry is closed.

    `closed_on` are days without any, whatever day of the week they are.
    """

    timezone: Annotated[str, AfterValidator(_validate_time_zone)] = "UTC"
    monday: DayIntervals = ()
    tuesday: DayIntervals = ()
    wednesday: DayIntervals = ()
    thursday: DayIntervals = ()
    friday: DayIntervals = ()
    saturday: DayIntervals = ()
    sunday: DayIntervals = ()
    closed_on: tuple[date, ...] = Field((), max_length=400)

    @property
    def zone(self) -> ZoneInfo:
        """The business's time zone."""
        return ZoneInfo(self.timezone)

    def is_open(self, moment: datetime) -> bool:
        """Return whether agents answer at `moment`, an aware datetime."""
        here = moment.astimezone(self.zone)
        if here.date() in self.closed_on:
            return False
        spans: DayIntervals = getattr(self, _WEEKDAYS[here.weekday()])
        return any(_contains_time(span, here.time()) for span in spans)


def _contains_time(span: str, now: time) -> bool:
    begin, _, end = span.partition("-")
    return time.fromisoformat(begin) <= now and (end == "24:00" or now < time.fromisoformat(end))
