"""An hour as people say it, and the time of day that it is."""

from __future__ import annotations

import re
from typing import NamedTuple

from flows.locales import LocaleMessages

DAY_PERIOD_PATTERNS = {
    "early": r"(?:in the |this )?mornings?|morgens|vormittags?|(?:in der )?fruh|am (?:morgen|vormittag)",
    "late": r"(?:in the |this )?(?:afternoon|evening)s?|tonight|nachmittags?|abends?|am (?:nachmittag|abend)",
    "night": r"at night|nachts|in der nacht",
    "noon": r"mittags",
}


class TimeOfDay(NamedTuple):
    """An hour as it was written, with what says in which half of the day it is; `back` are minutes before it.

    Where it `is_spoken` it is one of the twelve that a dial shows.
    """

    hour: int
    minute: int = 0
    minutes_before: int = 0
    meridiem: str = ""
    day_period: str = ""
    is_twelve_hour: bool = False


INEXACT_TIME = TimeOfDay(-1)


def classify_day_period(part: str) -> str:
    """Which of `PARTS` a part of the day is."""
    return next((kind for kind, form in DAY_PERIOD_PATTERNS.items() if re.fullmatch(form, part)), "")


def resolve_time_of_day(
    clock: TimeOfDay, kind: str, written: str, sentences: LocaleMessages
) -> tuple[str, str]:
    """As HH:MM, or the reason why it is none. `kind` is the part of the day, where one was named."""
    hour, minute = clock.hour, clock.minute
    if hour > 23 or minute > 59 or (clock.meridiem and not 1 <= hour <= 12):
        return "", sentences.invalid_time.format(written)
    if clock.meridiem:
        hour = hour % 12 + (12 if clock.meridiem.startswith("p") else 0)
    hour, minute = divmod((hour * 60 + minute - clock.minutes_before) % (24 * 60), 60)
    if clock.meridiem or hour > 12 or (hour == 0 and not clock.is_twelve_hour):
        is_wrong = kind == "early" and not clock.meridiem and hour > 12
        return ("", sentences.invalid_time.format(written)) if is_wrong else (f"{hour:02}:{minute:02}", "")
    hour = hour or 12
    hours = _candidate_hours(hour, kind) if kind or clock.is_twelve_hour else (hour,)
    if len(hours) == 1:
        return f"{hours[0]:02}:{minute:02}", ""
    if hour == 12 and minute == 0:
        return "", sentences.noon_or_midnight
    return "", sentences.ambiguous_hour.format(f"{hour}:{minute:02}" if minute else hour)


def _candidate_hours(hour: int, kind: str) -> tuple[int, ...]:
    """The hours of a day that an hour of the dial can be in that part of the day."""
    at_night = (hour % 12 if hour == 12 or hour < 6 else hour + 12,) if hour < 6 or hour > 7 else ()
    in_part = {
        "early": (hour,) if hour < 12 else (),
        "late": (hour + 12,) if hour < 12 else (),
        "night": at_night,
        "noon": (hour,) if hour > 10 else (hour + 12,) if hour < 5 else (),
    }
    return in_part.get(kind) or (hour, hour + 12)
