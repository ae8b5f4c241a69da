"""Days that are named from today: tomorrow, next Tuesday, in two weeks, 4 May, Samstag in einer Woche."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from flows import locales as wording
from flows.locales import Sentences
from flows.nlu.confirmation import REFUSING
from flows.nlu.datetimes.dateparser_fallback import foreign_day
from flows.nlu.datetimes.dates import DayOfYear, Read, read_dates, read_days_of_year, which_day
from flows.nlu.datetimes.times import without_times
from flows.nlu.datetimes.weekdays import NEAR, SHORT, SHORT_GERMAN, WEEKDAYS, mended
from flows.nlu.lexicon import is_negation
from flows.text.tokens import evenly_folded, fold, words

_LONGEST = 500
_COUNTS = {
    name: number
    for names in (
        "one two three four five six seven eight nine ten eleven twelve",
        "ein zwei drei vier funf sechs sieben acht neun zehn elf zwolf",
    )
    for number, name in enumerate(names.split(), 1)
} | {"a": 1, "einem": 1, "einer": 1, "eine": 1}

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.,;:!?()\n]|#\d+")
_GREETING = re.compile(r"\bguten? (?:morgen|tag|abend)\b")
_APART = re.compile(r" (?:;|but|sondern|instead|rather|aber)(?= )")

_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(sorted(_COUNTS, key=len, reverse=True))})"
_SPAN = rf"{_COUNT} (?P<unit>days?|tage?n?|weeks?|wochen?)"
_WEEKDAY = rf"(?P<weekday>{'|'.join(WEEKDAYS)})"
_NEAR_DAY = rf"(?P<near>{'|'.join(NEAR)})"
_NEXT_WEEK = r"(?:next week|nachste woche|kommende woche)"
_BOUND = re.compile(
    r" (?:before|after|by|until|till|from|since|than|vor|nach|ab|bis|spatestens|fruhestens)"
    r"(?: (?:the|on|am|dem|den|zum))? $"
)
_EVERY = re.compile(r" (?:every|each|any|most|jeden|jeder|immer)(?: (?:am|on))? $")
_DENIALS_REACH = 4


_WORD = re.compile(r"[^ ]+")
_ALONE = r"(?:$|; |morning |afternoon |evening |please )"
_NAMES = tuple(WEEKDAYS)[:7]
_EITHER_SHORT, _EITHER_GERMAN = "|".join(SHORT), "|".join(SHORT_GERMAN)
_SHORT_BEFORE_DATE = re.compile(rf"(?<= )(?:{_EITHER_SHORT}|{_EITHER_GERMAN})(?= (?:; )?(?:the |den )?#)")

_Meaning = tuple[tuple[date, ...], str]
"""The days that something can mean, or the reason why it is none."""


class _Found(NamedTuple):
    """Where something stands in the prepared text, and the days that it can mean."""

    start: int
    end: int
    days: tuple[date, ...]
    reason: str = ""


def read_days(text: str, language: str, today: date) -> list[Read]:
    """Every day to come that `text` names, with or without its year, as ISO 8601 or with a reason, in order.

    Without a year the next such day is meant. A day that is denied is left out; one that others are to come
    before or after is asked for.
    """
    sentences = wording.of(language)
    said, dates = _prepared(evenly_folded(text[:_LONGEST]), language, today, sentences)
    found = list[_Found]()
    for form, meaning in _FORMS:
        for match in form.finditer(said):
            if all(match.end() <= other.start or other.end <= match.start() for other in found):
                days, reason = meaning(match, today, dates)
                found.append(_Found(match.start(), match.end(), days, reason))
    named = [_as_read(item, said, sentences) for item in _undenied(sorted(found), said)]
    known = [read for read in named if read.value or read.reason]
    if known or found or language in wording.LANGUAGES or any(map(is_negation, words(text))):
        return known
    day = foreign_day(without_times(text, language), language, today)
    return [Read(0, len(text), day.isoformat())] if day else []


def _prepared(text: str, language: str, today: date, sentences: Sentences) -> tuple[str, list[_Meaning]]:
    """The folded words with a space around each, days spelt right and times left out; and its dates.

    In the place of a date stands its number in that list, as #0.
    """
    dates, places = list[_Meaning](), list[tuple[int, int]]()
    for read in read_dates(text, language):
        dates.append(((date.fromisoformat(read.value),) if read.value else (), read.reason))
        places.append((read.start, read.end))
    for day in read_days_of_year(text, language):
        if all(day.end <= start or end <= day.start for start, end in places):
            dates.append(_to_come(day, today, sentences))
            places.append((day.start, day.end))
    said = fold(without_times(text, language)).replace("#", " ")
    for number, (start, end) in sorted(enumerate(places), key=lambda place: place[1], reverse=True):
        said = f"{said[:start]} #{number} {said[end:]}"
    tokens = map(mended, _TOKEN.findall(_GREETING.sub(" ; ", said)))
    return _SHORT_BEFORE_DATE.sub(_in_full, f" {' '.join(tokens)} "), dates


def _in_full(match: re.Match[str]) -> str:
    return _NAMES[(SHORT | SHORT_GERMAN)[match[0]]]


def _to_come(day: DayOfYear, today: date, sentences: Sentences) -> _Meaning:
    days = sorted({found for month, number in day.meanings if (found := _next(month, number, today))})
    if not days:
        return (), sentences.no_day.format(day.written)
    return tuple(days), which_day(day.written, days, sentences) if len(days) > 1 else ""


def _next(month: int, day: int, today: date) -> date | None:
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _undenied(found: list[_Found], said: str) -> Iterator[_Found]:
    """Those that no “not” belongs to: before a day it denies what follows, behind one the whole clause."""
    ends = [match.start() for match in _APART.finditer(said)]
    for start, end in zip([0, *ends], [*ends, len(said)], strict=True):
        here = [item for item in found if start <= item.start < end]
        denied = next((m.start() for m in _WORD.finditer(said, start, end) if _denies(m[0])), None)
        after = [item for item in here if denied is not None and denied < item.start]
        is_before = any(len(said[denied : item.start].split()) <= _DENIALS_REACH for item in after)
        yield from (item for item in here if denied is None or (is_before and item.start < denied))


def _denies(word: str) -> bool:
    return is_negation(word) and word not in REFUSING


def _as_read(item: _Found, said: str, sentences: Sentences) -> Read:
    before = said[: item.start]
    if _EVERY.search(before):
        return Read(item.start, item.end)
    if _BOUND.search(before):
        return Read(item.start, item.end, reason=sentences.exact_day)
    if item.reason or not item.days:
        return Read(item.start, item.end, reason=item.reason)
    if len(item.days) > 1:
        both = sentences.listed([sentences.spoken(day) for day in item.days])
        return Read(item.start, item.end, reason=sentences.which_one.format(both))
    return Read(item.start, item.end, item.days[0].isoformat())


def _from_day(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    start = (
        _weekday(match, today) if match["weekday"] else today + timedelta(NEAR.get(match["near"] or "", 0))
    )
    return (start + _span(match),), ""


def _weekday_in(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    """“Friday in two weeks”: counted from the next Friday, or the Friday of the week in two weeks."""
    span = _span(match) if match["count"] else timedelta(7)
    number = WEEKDAYS[match["weekday"]]
    if span.days % 7:
        day = today + span
        return (day,) if day.weekday() == number else (), ""
    there = today + span
    return tuple(sorted({_weekday(match, today) + span, there + timedelta(number - there.weekday())})), ""


def _weekday_of_next_week(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    number = WEEKDAYS[match["weekday"]]
    return (today + timedelta(7 + number - today.weekday()),), ""


def _in_span(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    return (today + timedelta(NEAR.get(match["near"] or "", 0)) + _span(match),), ""


def _last_weekday(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    return (
        _weekday(match, today) - timedelta(7 if _weekday(match, today) - today < timedelta(7) else 14),
    ), ""


def _weekday_and_date(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    """“Friday, 4 December”: one day, where they agree."""
    days, reason = dates[int(match["number"])]
    if not days:
        return (), reason
    agreed = tuple(day for day in days if day.weekday() == WEEKDAYS[match["weekday"]])
    return agreed or (_weekday(match, today), *days[:1]), ""


def _weekday_and_number(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    """“Friday the 4th”."""
    number, day = int(match["number"]), _weekday(match, today)
    days = (day + timedelta(7 * weeks) for weeks in range(10))
    return tuple(day for day in days if day.day == number)[:1], ""


def _date(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    return dates[int(match["number"])]


def _weekday_alone(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    day = _weekday(match, today)
    is_today = match["this"] and day - today == timedelta(7)
    return (today, day) if is_today else (day,), ""


def _short_weekday(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    return (_coming((SHORT | SHORT_GERMAN)[match["short"]], today),), ""


def _near(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    return (today + timedelta(NEAR[match["near"]]),), ""


def _day_after_tomorrow(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    return (today + timedelta(2),), ""


def _this_morning(match: re.Match[str], today: date, dates: list[_Meaning]) -> _Meaning:
    return (today,), ""


def _weekday(match: re.Match[str], today: date) -> date:
    return _coming(WEEKDAYS[match["weekday"]], today)


def _coming(weekday: int, today: date) -> date:
    """The next such day after today."""
    return today + timedelta((weekday - today.weekday() - 1) % 7 + 1)


def _span(match: re.Match[str]) -> timedelta:
    written = match["count"]
    count = int(written) if written.isdigit() else _COUNTS[written]
    return timedelta(count * (7 if match["unit"].startswith("w") else 1))


def _form(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?<= )(?:{'|'.join(patterns)})(?= )")


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date, list[_Meaning]], _Meaning]], ...] = (
    (_form(r"(?:the )?day after tomorrow"), _day_after_tomorrow),
    (_form(rf"(?:in )?{_SPAN} (?:from|after|nach|ab) (?:{_WEEKDAY}|{_NEAR_DAY}|now|jetzt)"), _from_day),
    (_form(rf"{_WEEKDAY} (?:week|in {_SPAN})"), _weekday_in),
    (_form(rf"in {_SPAN} (?:on |am )?{_WEEKDAY}"), _weekday_in),
    (_form(rf"{_WEEKDAY} {_NEXT_WEEK}"), _weekday_of_next_week),
    (_form(rf"{_NEXT_WEEK} (?:on |am )?{_WEEKDAY}"), _weekday_of_next_week),
    (_form(rf"(?:{_NEAR_DAY} )?in {_SPAN}"), _in_span),
    (_form(rf"(?:last|past|letzten|vergangenen) {_WEEKDAY}"), _last_weekday),
    (_form(rf"{_WEEKDAY} (?:; )*(?:the |den |der )?#(?P<number>\d+)"), _weekday_and_date),
    (_form(rf"#(?P<number>\d+) (?:; )*{_WEEKDAY}"), _weekday_and_date),
    (_form(rf"{_WEEKDAY} (?:; )*(?:the )?(?P<number>\d{{1,2}})(?:st|nd|rd|th)"), _weekday_and_number),
    (_form(r"#(?P<number>\d+)"), _date),
    (_form(r"heute morgen"), _this_morning),
    (_form(rf"(?:(?P<this>this|diesen) )?{_WEEKDAY}(?: morgen)?"), _weekday_alone),
    (re.compile(rf"(?<= )(?<! am ){_NEAR_DAY}(?= )"), _near),
    (
        re.compile(
            rf"(?:(?<= on )|(?<= next )|(?<= this )|(?<=^ )(?=\w+ {_ALONE})|(?<=; )(?=\w+ {_ALONE}))"
            rf"(?P<short>{_EITHER_SHORT})(?= )"
        ),
        _short_weekday,
    ),
    (re.compile(rf"(?:(?<= am )|(?<=^ )(?!so ))(?P<short>{_EITHER_GERMAN})(?= (?:$|; ))"), _short_weekday),
)
