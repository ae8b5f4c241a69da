"""Days that are named from today, or in another language: tomorrow, Tuesday, 4 May, 3. März 2027."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

_LONGEST = 200
_YEAR = re.compile(r"\b(?:19|20|21)\d\d\b")
_GREETING = re.compile(r"\b(?:guten?\s+(?:morgen|tag|abend)|bon\s*jour|buen[oa]s\s+\w+)\b", re.IGNORECASE)
_LEADING = re.compile(r"^(?:on|am|den|der|le|el|il)\s+", re.IGNORECASE)
_BARE = re.compile(r"[\d\s./:,-]*\d(?:st|nd|rd|th|\.)?[\s.,]*")
_CLOCK = r"\b\d{1,2}(?::\d{2})?\s*(?:[ap]\.?m\b\.?|uhr\b|h\b|o'?clock\b)"
_TIME = re.compile(rf"(?:\b(?:at|um|à|a las?)\s+)?(?:{_CLOCK}|\b\d{{1,2}}:\d{{2}}\b)", re.IGNORECASE)


def relative_day(text: str, language: str, today: date, *, future: bool) -> date | None:
    """The one day that `text` names; None when it names none, or only with a guess.

    Without a year, or by the name of the weekday, only a day that is still to come is meant: so only where
    `future` says that such a one is asked for.
    """
    text = _LEADING.sub("", _TIME.sub(" ", _GREETING.sub(" ", text[:_LONGEST])).strip(" ,.!"))
    if not text or not (future or _YEAR.search(text)):
        return None
    base = datetime(today.year, today.month, today.day)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own, about other libraries
        return _whole(text, language, base) or _part(text, language, base)


def _whole(text: str, language: str, base: datetime) -> date | None:
    found = _parser(language, base).get_date_data(text)
    is_day = found.date_obj is not None and found.period == "day"
    return found.date_obj.date() if is_day and not _BARE.fullmatch(text) else None


def _part(text: str, language: str, base: datetime) -> date | None:
    from dateparser.search import search_dates

    pieces = search_dates(text, languages=[language], settings=_settings(base)) or []
    days = {day for piece, _ in pieces if (day := _whole(piece, language, base))}
    return days.pop() if len(days) == 1 else None


def _settings(base: datetime) -> dict[str, Any]:
    return {"RELATIVE_BASE": base, "PREFER_DATES_FROM": "future", "RETURN_AS_TIMEZONE_AWARE": False}


@cache
def _library() -> Any:
    import dateparser.date  # costs a quarter of a second, so only who needs it pays

    return dateparser.date.DateDataParser


def _parser(language: str, base: datetime) -> Any:
    settings: Mapping[str, Any] = _settings(base)
    return _library()(languages=[language], settings=dict(settings))
