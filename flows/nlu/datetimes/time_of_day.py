"""Resolution of an hour and a part of the day to a time of day."""

from __future__ import annotations

from typing import NamedTuple

from flows.locales import LocaleMessages


class TimeOfDay(NamedTuple):
    """An hour as written, with the meridiem or part of the day beside it, `minutes_before` to be subtracted.

    With `is_twelve_hour` it is an hour of the 12-hour clock.
    """

    hour: int
    minute: int = 0
    minutes_before: int = 0
    meridiem: str = ""
    day_period: str = ""
    is_twelve_hour: bool = False


INEXACT_TIME = TimeOfDay(-1)


def resolve_time_of_day(clock: TimeOfDay, kind: str, text: str, messages: LocaleMessages) -> tuple[str, str]:
    """Return (HH:MM, error message), one of them empty. `kind` is the part of the day, if one was named."""
    hour, minute = clock.hour, clock.minute
    if hour > 23 or minute > 59 or (clock.meridiem and not 1 <= hour <= 12):
        return "", messages.invalid_time.format(text)
    if clock.meridiem:
        hour = hour % 12 + (12 if clock.meridiem.startswith("p") else 0)
    hour, minute = divmod((hour * 60 + minute - clock.minutes_before) % (24 * 60), 60)
    if clock.meridiem or hour > 12 or (hour == 0 and not clock.is_twelve_hour):
        is_wrong = kind == "early" and not clock.meridiem and hour > 12
        return ("", messages.invalid_time.format(text)) if is_wrong else (f"{hour:02}:{minute:02}", "")
    hour = hour or 12
    hours = _candidate_hours(hour, kind) if kind or clock.is_twelve_hour else (hour,)
    if len(hours) == 1:
        return f"{hours[0]:02}:{minute:02}", ""
    if hour == 12 and minute == 0:
        return "", messages.noon_or_midnight
    return "", messages.ambiguous_hour.format(f"{hour}:{minute:02}" if minute else hour)


def _candidate_hours(hour: int, kind: str) -> tuple[int, ...]:
    """Return the hours of 24 that an hour of 12 can be in a part of the day."""
    at_night = (hour % 12 if hour == 12 or hour < 6 else hour + 12,) if hour < 6 or hour > 7 else ()
    in_part = {
        "early": (hour,) if hour < 12 else (),
        "late": (hour + 12,) if hour < 12 else (),
        "night": at_night,
        "evening_or_night": (hour % 12 if hour == 12 or hour < 6 else hour + 12,),
        "noon": (hour,) if hour > 10 else (hour + 12,) if hour < 5 else (),
    }
    return in_part.get(kind) or (hour, hour + 12)
