"""An hour as people say it, and the time of day that it is."""

from __future__ import annotations

import re
from typing import NamedTuple

from flows.locales import Sentences

PARTS = {
    "early": r"(?:in the |this )?mornings?|morgens|vormittags?|(?:in der )?fruh|am (?:morgen|vormittag)",
    "late": r"(?:in the |this )?(?:afternoon|evening)s?|tonight|nachmittags?|abends?|am (?:nachmittag|abend)",
    "night": r"at night|nachts|in der nacht",
    "noon": r"mittags",
}


class Clock(NamedTuple):
    """An hour as it was written, with what says in which half of the day it is; `back` are minutes before it.

    Where it `is_spoken` it is one of the twelve that a dial shows.
    """

    hour: int
    minute: int = 0
    back: int = 0
    half: str = ""
    part: str = ""
    is_spoken: bool = False


INEXACT = Clock(-1)


def kind_of(part: str) -> str:
    """Which of `PARTS` a part of the day is."""
    return next((kind for kind, form in PARTS.items() if re.fullmatch(form, part)), "")


def time_of(clock: Clock, kind: str, written: str, sentences: Sentences) -> tuple[str, str]:
    """As HH:MM, or the reason why it is none. `kind` is the part of the day, where one was named."""
    hour, minute = clock.hour, clock.minute
    if hour > 23 or minute > 59 or (clock.half and not 1 <= hour <= 12):
        return "", sentences.no_time.format(written)
    if clock.half:
        hour = hour % 12 + (12 if clock.half.startswith("p") else 0)
    hour, minute = divmod((hour * 60 + minute - clock.back) % (24 * 60), 60)
    if clock.half or hour > 12 or (hour == 0 and not clock.is_spoken):
        is_wrong = kind == "early" and not clock.half and hour > 12
        return ("", sentences.no_time.format(written)) if is_wrong else (f"{hour:02}:{minute:02}", "")
    hour = hour or 12
    hours = _hours(hour, kind) if kind or clock.is_spoken else (hour,)
    if len(hours) == 1:
        return f"{hours[0]:02}:{minute:02}", ""
    if hour == 12 and minute == 0:
        return "", sentences.noon_or_midnight
    return "", sentences.which_hour.format(f"{hour}:{minute:02}" if minute else hour)


def _hours(hour: int, kind: str) -> tuple[int, ...]:
    """The hours of a day that an hour of the dial can be in that part of the day."""
    at_night = (hour % 12 if hour == 12 or hour < 6 else hour + 12,) if hour < 6 or hour > 7 else ()
    in_part = {
        "early": (hour,) if hour < 12 else (),
        "late": (hour + 12,) if hour < 12 else (),
        "night": at_night,
        "noon": (hour,) if hour > 10 else (hour + 12,) if hour < 5 else (),
    }
    return in_part.get(kind) or (hour, hour + 12)
