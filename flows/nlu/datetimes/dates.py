"""Dates as people write them. What could mean two days is asked again, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from flows import locales as wording
from flows.locales import Sentences
from flows.text.tokens import evenly_folded, fold

MONTHS = {
    name: number
    for names in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "jan feb mar apr mai jun jul aug sep okt nov dez",
    )
    for number, name in enumerate(names.split(), start=1)
}
MONTH = (
    r"(?P<month>jan(?:uary?|ner)?|feb(?:ruary?)?|mar(?:ch|z)?|apr(?:il)?|ma[yi]|jun[ei]?|jul[yi]?"
    r"|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4}|'?\d{2})(?!\d)"
_FORMS = (
    re.compile(r"(?<!\d)(?P<a>\d{4})\s?[-/.]\s?(?P<b>\d{1,2})\s?[-/.]\s?(?P<c>\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<a>\d{1,2})\s?[-/.]\s?(?P<b>\d{1,2})\s?[-/.]\s?(?P<c>\d{4}|\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<a>\d{1,2})\s(?P<b>\d{1,2})\s(?P<c>\d{4})(?!\d)"),
    re.compile(rf"(?<!\d){_DAY}(?:\s+of)?[\s,.-]*{MONTH}[\s,.-]*(?:of\s+)?{_YEAR}"),
    re.compile(rf"\b{MONTH}[\s.-]*{_DAY}[\s,.-]+{_YEAR}"),
    re.compile(rf"(?<!\d)(?P<year>\d{{4}})[\s,.-]+{MONTH}[\s,.-]*{_DAY}(?!\d)"),
    re.compile(r"(?<!\d)(?P<packed>\d{8})(?!\d)"),
)
_WITH_MONTH = (
    re.compile(rf"(?<![\d:.,/]){_DAY}(?:\s+of)?[\s.-]*{MONTH}(?!\w)(?!\s+(?:i|we|it)\b)"),
    re.compile(rf"\b{MONTH}[\s.-]*{_DAY}(?!\d|[:.,]\d|\s*(?:[ap]\.?m\b|o'?clock|uhr))"),
)
_IN_DIGITS = re.compile(
    r"(?<![\d.,/:-])(?P<a>\d{1,2})(?:/(?P<b>\d{1,2})(?![\d/.,:-])|\.\s?(?P<c>\d{1,2})\.(?!\d))"
)
_CLOCK_BEFORE = re.compile(r"\b(?:at|um|gegen|around|about)\s*$")
_BARE_YEAR = re.compile(r"(?<![\d.,/:+-])(?:19|20|21)\d\d(?![\d.,/:-]?\d)")
_BARE_DAY = re.compile(r"\s*(?:the )?'?\d{1,2}(?:st|nd|rd|th|\.)?\s*")
_EARLIEST, _LATEST = 1900, 2199


class Read(NamedTuple):
    """What stands from `start` to `end` of the folded text: a `value`, or the `reason` why there is none."""

    start: int
    end: int
    value: str = ""
    reason: str = ""


class DayOfYear(NamedTuple):
    """A day without its year from `start` to `end` of the folded text: the months and days it can mean."""

    start: int
    end: int
    written: str
    meanings: tuple[tuple[int, int], ...]


def read_dates(text: str, language: str = "en") -> list[Read]:
    """Every whole date (day, month and year) in `text`, as ISO 8601 or with a reason, in order.

    In English 04/05 may be the fourth of May or the fifth of April; elsewhere the day stands first.
    """
    sentences, day_first = wording.of(language), language != "en"
    text = evenly_folded(text)
    folded, found = fold(text), list[Read]()
    for form in _FORMS:
        for match in form.finditer(folded):
            if all(match.end() <= other.start or other.end <= match.start() for other in found):
                written = text[match.start() : match.end()].strip()
                value, reason = _meaning(match, written, sentences, day_first=day_first)
                found.append(Read(match.start(), match.end(), value, reason))
    return sorted(found)


def read_days_of_year(text: str, language: str = "en") -> list[DayOfYear]:
    """Every day without a year in `text`, such as 4 May, 24/11 or 4.5., in order; whole dates are none."""
    text = evenly_folded(text)
    folded, found = fold(text), list[DayOfYear]()
    for form in (*_WITH_MONTH, _IN_DIGITS):
        for match in form.finditer(folded):
            if all(match.end() <= other.start or other.end <= match.start() for other in found):
                meanings = tuple(dict.fromkeys(_days_of_year(match, folded, language)))
                written = text[match.start() : match.end()].strip()
                if meanings:
                    found.append(DayOfYear(match.start(), match.end(), written, meanings))
    return sorted(found)


def without_dates(text: str, language: str = "en", *, also_in_digits: bool = False) -> str:
    """The text with its dates blanked out, every letter at its place, so that no part of one is misread.

    A date in digits without a year, such as 24/11, stays unless `also_in_digits`.
    """
    text = evenly_folded(text)
    folded = fold(text)
    for item in read_dates(text):
        if not folded[item.start : item.end].isdigit():
            text = _blanked(text, item.start, item.end)
    for day in read_days_of_year(text, language):
        if also_in_digits or any(letter.isalpha() for letter in day.written):
            text = _blanked(text, day.start, day.end)
    return text


def is_part_of_date(text: str) -> bool:
    """Whether `text` says a year, or a day and a month, or a day alone, as who begins a whole date may."""
    folded = fold(without_dates(text, also_in_digits=True))
    is_begun = _BARE_YEAR.search(folded) or _BARE_DAY.fullmatch(folded)
    return is_begun is not None or folded != fold(evenly_folded(text))


def _blanked(text: str, start: int, end: int) -> str:
    return f"{text[:start]};{' ' * (end - start - 1)}{text[end:]}"


def _meaning(match: re.Match[str], written: str, sentences: Sentences, *, day_first: bool) -> tuple[str, str]:
    groups = match.groupdict()
    year = groups.get("year") or groups.get("c") or ""
    if len(groups.get("a") or "") == 4:
        year = groups["a"]
    if year and len(year) != 4:
        return "", sentences.four_digits
    if year and not _EARLIEST <= int(year) <= _LATEST:
        return "", (sentences.long_ago if int(year) < _EARLIEST else sentences.far_ahead).format(written)
    readings = list(_readings(groups))
    days = set(readings[:1] if day_first and not groups.get("packed") else readings)
    if not days:
        return "", sentences.no_day.format(written)
    if len(days) > 1:
        return "", which_day(written, sorted(days), sentences)
    return days.pop().isoformat(), ""


def which_day(written: str, days: list[date], sentences: Sentences) -> str:
    """The question that is to be asked where `written` can mean several days."""
    either = f" {sentences.word_or} ".join(sentences.spoken(day) for day in days[:2])
    return sentences.which_day.format(written, either)


def _readings(groups: dict[str, str | None]) -> Iterator[date]:
    if month := groups.get("month"):
        yield from _day(groups["year"], MONTHS[month[:3]], groups["day"])
    elif packed := groups.get("packed"):
        yield from _day(packed[:4], packed[4:6], packed[6:])
        yield from _day(packed[4:], packed[2:4], packed[:2])
        yield from _day(packed[4:], packed[:2], packed[2:4])
    elif len(groups["a"] or "") == 4:
        yield from _day(groups["a"], groups["b"], groups["c"])
    else:
        yield from _day(groups["c"], groups["b"], groups["a"])
        yield from _day(groups["c"], groups["a"], groups["b"])


def _day(year: str | None, month: str | int | None, day: str | None) -> Iterator[date]:
    # a packed number has readings such as the year 2304: no date of a customer's life
    if _EARLIEST <= int(year or 0) <= _LATEST:
        try:
            yield date(int(year or 0), int(month or 0), int(day or 0))
        except ValueError:
            return


def _days_of_year(match: re.Match[str], folded: str, language: str) -> Iterator[tuple[int, int]]:
    """The months and days that it can mean, also such as no year has, as long as a month is named."""
    groups = match.groupdict()
    if month := groups.get("month"):
        yield MONTHS[month[:3]], int(groups["day"])
        return
    before = folded[: match.start()]
    if _CLOCK_BEFORE.search(before) or (groups["c"] and language == "en"):
        return
    first, second = int(groups["a"]), int(groups["b"] or groups["c"])
    if 1 <= second <= 12 and 1 <= first <= 31:
        yield second, first
    if language == "en" and 1 <= first <= 12 and 1 <= second <= 31:
        yield first, second
