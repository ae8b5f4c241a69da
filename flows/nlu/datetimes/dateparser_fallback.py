"""Recognition of days in languages without a pack, by the dateparser library."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from flows.locales import other_languages

_MAX_TEXT_LENGTH = 200
_GREETING = re.compile(other_languages.GREETING_PATTERN, re.IGNORECASE)
_LEADING_PREPOSITION = re.compile(other_languages.LEADING_PREPOSITION_PATTERN, re.IGNORECASE)
_DIGITS_ONLY = re.compile(r"[\d\s./:,-]*\d(?:st|nd|rd|th|\.)?[\s.,]*")


def recognize_date_with_dateparser(text: str, language: str, today: date) -> date | None:
    """Return the one day to come that `text` names; None when it names none, several, or no exact one."""
    text = _LEADING_PREPOSITION.sub("", _GREETING.sub(" ", text[:_MAX_TEXT_LENGTH]).strip(" ,;.!"))
    if not text:
        return None
    base = datetime(today.year, today.month, today.day)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations in the library itself
        return _parse_whole_text(text, language, base) or _search_single_date(text, language, base)


def _parse_whole_text(text: str, language: str, base: datetime) -> date | None:
    parsed = _build_parser(language, base).get_date_data(text)
    is_day = parsed.date_obj is not None and parsed.period == "day"
    return parsed.date_obj.date() if is_day and not _DIGITS_ONLY.fullmatch(text) else None


def _search_single_date(text: str, language: str, base: datetime) -> date | None:
    from dateparser.search import search_dates

    pieces = search_dates(text, languages=[language], settings=_parser_settings(base)) or []
    days = {day for piece, _ in pieces if (day := _parse_whole_text(piece, language, base))}
    return days.pop() if len(days) == 1 else None


def _parser_settings(base: datetime) -> dict[str, Any]:
    return {"RELATIVE_BASE": base, "PREFER_DATES_FROM": "future", "RETURN_AS_TIMEZONE_AWARE": False}


@cache
def _load_dateparser() -> Any:
    import dateparser.date  # imported on first use: it takes a quarter of a second

    return dateparser.date.DateDataParser


def _build_parser(language: str, base: datetime) -> Any:
    settings: Mapping[str, Any] = _parser_settings(base)
    return _load_dateparser()(languages=[language], settings=dict(settings))
