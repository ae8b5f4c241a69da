"""Dates as people write them. What could mean two days is asked again, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from flows.locales import LocaleMessages, messages_for
from flows.text import normalize, normalize_same_length

MONTHS = {
    name: number
    for names in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "jan feb mar apr mai jun jul aug sep okt nov dez",
    )
    for number, name in enumerate(names.split(), start=1)
}
MONTH_PATTERN = (
    r"(?P<month>jan(?:uary?|ner)?|feb(?:ruary?)?|mar(?:ch|z)?|apr(?:il)?|ma[yi]|jun[ei]?|jul[yi]?"
    r"|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\.?"
)
_DAY_PATTERN = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR_PATTERN = r"(?P<year>\d{4}|'?\d{2})(?!\d)"
_DATE_PATTERNS = (
    re.compile(r"(?<!\d)(?P<a>\d{4})\s?[-/.]\s?(?P<b>\d{1,2})\s?[-/.]\s?(?P<c>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<a>\d{1,2})\s?[-/.]\s?(?P<b>\d{1,2})\s?[-/.]\s?(?P<c>\d{4}|\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<a>\d{1,2})\s(?P<b>\d{1,2})\s(?P<c>\d{4})(?!\d)"),
    re.compile(rf"(?<!\d){_DAY_PATTERN}(?:\s+of)?[\s,.-]*{MONTH_PATTERN}[\s,.-]*(?:of\s+)?{_YEAR_PATTERN}"),
    re.compile(rf"\b{MONTH_PATTERN}[\s.-]*{_DAY_PATTERN}[\s,.-]+{_YEAR_PATTERN}"),
    re.compile(rf"(?<!\d)(?P<year>\d{{4}})[\s,.-]+{MONTH_PATTERN}[\s,.-]*{_DAY_PATTERN}(?!\d)"),
    re.compile(r"(?<!\d)(?P<packed>\d{8})(?!\d)"),
)
_MONTH_DAY_PATTERNS = (
    re.compile(rf"(?<![\d:.,/]){_DAY_PATTERN}(?:\s+of)?[\s.-]*{MONTH_PATTERN}(?!\w)(?!\s+(?:i|we|it)\b)"),
    re.compile(rf"\b{MONTH_PATTERN}[\s.-]*{_DAY_PATTERN}(?!\d|[:.,]\d|\s*(?:[ap]\.?m\b|o'?clock|uhr))"),
)
_NUMERIC_MONTH_DAY = re.compile(
    r"(?<![\d.,/:-])(?P<a>\d{1,2})(?:/(?P<b>\d{1,2})(?![\d/.,:-])|\.\s?(?P<c>\d{1,2})\.(?!\d))"
)
_TIME_PREPOSITION = re.compile(r"\b(?:at|um|gegen|around|about)\s*$")
_YEAR_ONLY = re.compile(r"(?<![\d.,/:+-])(?:19|20|21)\d\d(?![\d.,/:-]?\d)")
_DAY_ONLY = re.compile(r"\s*(?:the )?'?\d{1,2}(?:st|nd|rd|th|\.)?\s*")
_MIN_YEAR, _MAX_YEAR = 1900, 2199


class Recognized(NamedTuple):
    """What stands from `start` to `end` of the folded text: a `value`, or the `reason` why there is none."""

    start: int
    end: int
    value: str = ""
    error_message: str = ""


class MonthDay(NamedTuple):
    """A day without its year from `start` to `end` of the folded text: the months and days it can mean."""

    start: int
    end: int
    source_text: str
    candidates: tuple[tuple[int, int], ...]


def recognize_dates(text: str, language: str = "en") -> list[Recognized]:
    """Every whole date (day, month and year) in `text`, as ISO 8601 or with a reason, in order.

    In English 04/05 may be the fourth of May or the fifth of April; elsewhere the day stands first.
    """
    sentences, day_first = messages_for(language), language != "en"
    text = normalize_same_length(text)
    folded, found = normalize(text), list[Recognized]()
    for form in _DATE_PATTERNS:
        for match in form.finditer(folded):
            if all(match.end() <= other.start or other.end <= match.start() for other in found):
                written = text[match.start() : match.end()].strip()
                value, reason = _resolve_date(match, written, sentences, day_first=day_first)
                found.append(Recognized(match.start(), match.end(), value, reason))
    return sorted(found)


def recognize_month_days(text: str, language: str = "en") -> list[MonthDay]:
    """Every day without a year in `text`, such as 4 May, 24/11 or 4.5., in order; whole dates are none."""
    text = normalize_same_length(text)
    folded, found = normalize(text), list[MonthDay]()
    for form in (*_MONTH_DAY_PATTERNS, _NUMERIC_MONTH_DAY):
        for match in form.finditer(folded):
            if all(match.end() <= other.start or other.end <= match.start() for other in found):
                meanings = tuple(dict.fromkeys(_candidate_month_days(match, folded, language)))
                written = text[match.start() : match.end()].strip()
                if meanings:
                    found.append(MonthDay(match.start(), match.end(), written, meanings))
    return sorted(found)


def mask_dates(text: str, language: str = "en", *, also_in_digits: bool = False) -> str:
    """The text with its dates blanked out, every letter at its place, so that no part of one is misread.

    A date in digits without a year, such as 24/11, stays unless `also_in_digits`.
    """
    text = normalize_same_length(text)
    folded = normalize(text)
    for item in recognize_dates(text):
        if not folded[item.start : item.end].isdigit():
            text = _mask_span(text, item.start, item.end)
    for day in recognize_month_days(text, language):
        if also_in_digits or any(letter.isalpha() for letter in day.source_text):
            text = _mask_span(text, day.start, day.end)
    return text


def is_incomplete_date(text: str) -> bool:
    """Whether `text` says a year, or a day and a month, or a day alone, as who begins a whole date may."""
    folded = normalize(mask_dates(text, also_in_digits=True))
    is_begun = _YEAR_ONLY.search(folded) or _DAY_ONLY.fullmatch(folded)
    return is_begun is not None or folded != normalize(normalize_same_length(text))


def _mask_span(text: str, start: int, end: int) -> str:
    return f"{text[:start]};{' ' * (end - start - 1)}{text[end:]}"


def _resolve_date(
    match: re.Match[str], written: str, sentences: LocaleMessages, *, day_first: bool
) -> tuple[str, str]:
    groups = match.groupdict()
    year = groups.get("year") or groups.get("c") or ""
    if len(groups.get("a") or "") == 4:
        year = groups["a"]
    if year and len(year) != 4:
        return "", sentences.four_digit_year_required
    if year and not _MIN_YEAR <= int(year) <= _MAX_YEAR:
        return "", (sentences.date_too_early if int(year) < _MIN_YEAR else sentences.date_too_late).format(
            written
        )
    readings = list(_candidate_dates(groups))
    days = set(readings[:1] if day_first and not groups.get("packed") else readings)
    if not days:
        return "", sentences.invalid_date.format(written)
    if len(days) > 1:
        return "", ambiguous_date_question(written, sorted(days), sentences)
    return days.pop().isoformat(), ""


def ambiguous_date_question(written: str, days: list[date], sentences: LocaleMessages) -> str:
    """The question that is to be asked where `written` can mean several days."""
    either = f" {sentences.word_or} ".join(sentences.format_date(day) for day in days[:2])
    return sentences.ambiguous_date.format(written, either)


def _candidate_dates(groups: dict[str, str | None]) -> Iterator[date]:
    if month := groups.get("month"):
        yield from _valid_date(groups["year"], MONTHS[month[:3]], groups["day"])
    elif packed := groups.get("packed"):
        yield from _valid_date(packed[:4], packed[4:6], packed[6:])
        yield from _valid_date(packed[4:], packed[2:4], packed[:2])
        yield from _valid_date(packed[4:], packed[:2], packed[2:4])
    elif len(groups["a"] or "") == 4:
        yield from _valid_date(groups["a"], groups["b"], groups["c"])
    else:
        yield from _valid_date(groups["c"], groups["b"], groups["a"])
        yield from _valid_date(groups["c"], groups["a"], groups["b"])


def _valid_date(year: str | None, month: str | int | None, day: str | None) -> Iterator[date]:
    # a packed number has readings such as the year 2304: no date of a customer's life
    if _MIN_YEAR <= int(year or 0) <= _MAX_YEAR:
        try:
            yield date(int(year or 0), int(month or 0), int(day or 0))
        except ValueError:
            return


def _candidate_month_days(match: re.Match[str], folded: str, language: str) -> Iterator[tuple[int, int]]:
    """The months and days that it can mean, also such as no year has, as long as a month is named."""
    groups = match.groupdict()
    if month := groups.get("month"):
        yield MONTHS[month[:3]], int(groups["day"])
        return
    before = folded[: match.start()]
    if _TIME_PREPOSITION.search(before) or (groups["c"] and language == "en"):
        return
    first, second = int(groups["a"]), int(groups["b"] or groups["c"])
    if 1 <= second <= 12 and 1 <= first <= 31:
        yield second, first
    if language == "en" and 1 <= first <= 12 and 1 <= second <= 31:
        yield first, second
