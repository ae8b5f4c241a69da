"""Days that are named from today: tomorrow, next Tuesday, in two weeks, 4 May, Samstag in einer Woche."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from flows.locales import LANGUAGES, LocaleMessages, messages_for
from flows.nlu.confirmation import NEGATIVE_WORDS
from flows.nlu.datetimes.dateparser_fallback import recognize_date_with_dateparser
from flows.nlu.datetimes.dates import (
    MonthDay,
    Recognized,
    ambiguous_date_question,
    recognize_dates,
    recognize_month_days,
)
from flows.nlu.datetimes.times import mask_times
from flows.nlu.datetimes.weekdays import (
    NEAR_DAYS,
    SHORT_GERMAN_WEEKDAYS,
    SHORT_WEEKDAYS,
    WEEKDAYS,
    correct_weekday_spelling,
)
from flows.nlu.lexicon import is_negation
from flows.text import normalize, normalize_same_length, tokenize

_MAX_TEXT_LENGTH = 500
_NUMBER_WORDS = {
    name: number
    for names in (
        "one two three four five six seven eight nine ten eleven twelve",
        "ein zwei drei vier funf sechs sieben acht neun zehn elf zwolf",
    )
    for number, name in enumerate(names.split(), 1)
} | {"a": 1, "einem": 1, "einer": 1, "eine": 1}

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.,;:!?()\n]|#\d+")
_GREETING = re.compile(r"\bguten? (?:morgen|tag|abend)\b")
_CLAUSE_SEPARATOR = re.compile(r" (?:;|but|sondern|instead|rather|aber)(?= )")

_COUNT_PATTERN = rf"(?P<count>\d{{1,3}}|{'|'.join(sorted(_NUMBER_WORDS, key=len, reverse=True))})"
_DURATION_PATTERN = rf"{_COUNT_PATTERN} (?P<unit>days?|tage?n?|weeks?|wochen?)"
_WEEKDAY_PATTERN = rf"(?P<weekday>{'|'.join(WEEKDAYS)})"
_NEAR_DAY_PATTERN = rf"(?P<near>{'|'.join(NEAR_DAYS)})"
_NEXT_WEEK_PATTERN = r"(?:next week|nachste woche|kommende woche)"
_BOUND_PREPOSITION = re.compile(
    r" (?:before|after|by|until|till|from|since|than|vor|nach|ab|bis|spatestens|fruhestens)"
    r"(?: (?:the|on|am|dem|den|zum))? $"
)
_RECURRENCE_WORD = re.compile(r" (?:every|each|any|most|jeden|jeder|immer)(?: (?:am|on))? $")
_NEGATION_SCOPE_WORDS = 4


_WORD = re.compile(r"[^ ]+")
_STANDALONE_LOOKAHEAD = r"(?:$|; |morning |afternoon |evening |please )"
_WEEKDAY_NAMES = tuple(WEEKDAYS)[:7]
_SHORT_WEEKDAY_PATTERN, _SHORT_GERMAN_WEEKDAY_PATTERN = (
    "|".join(SHORT_WEEKDAYS),
    "|".join(SHORT_GERMAN_WEEKDAYS),
)
_SHORT_WEEKDAY_BEFORE_DATE = re.compile(
    rf"(?<= )(?:{_SHORT_WEEKDAY_PATTERN}|{_SHORT_GERMAN_WEEKDAY_PATTERN})(?= (?:; )?(?:the |den )?#)"
)

_DateCandidates = tuple[tuple[date, ...], str]
"""The days that something can mean, or the reason why it is none."""


class _DateMatch(NamedTuple):
    """Where something stands in the prepared text, and the days that it can mean."""

    start: int
    end: int
    candidates: tuple[date, ...]
    error_message: str = ""


def recognize_relative_dates(text: str, language: str, today: date) -> list[Recognized]:
    """Every day to come that `text` names, with or without its year, as ISO 8601 or with a reason, in order.

    Without a year the next such day is meant. A day that is denied is left out; one that others are to come
    before or after is asked for.
    """
    sentences = messages_for(language)
    said, dates = _prepare_text(normalize_same_length(text[:_MAX_TEXT_LENGTH]), language, today, sentences)
    found = list[_DateMatch]()
    for form, meaning in _RESOLVERS:
        for match in form.finditer(said):
            if all(match.end() <= other.start or other.end <= match.start() for other in found):
                days, reason = meaning(match, today, dates)
                found.append(_DateMatch(match.start(), match.end(), days, reason))
    named = [_to_recognized(item, said, sentences) for item in _without_negated(sorted(found), said)]
    known = [read for read in named if read.value or read.error_message]
    if known or found or language in LANGUAGES or any(map(is_negation, tokenize(text))):
        return known
    day = recognize_date_with_dateparser(mask_times(text, language), language, today)
    return [Recognized(0, len(text), day.isoformat())] if day else []


def _prepare_text(
    text: str, language: str, today: date, sentences: LocaleMessages
) -> tuple[str, list[_DateCandidates]]:
    """The folded words with a space around each, days spelt right and times left out; and its dates.

    In the place of a date stands its number in that list, as #0.
    """
    dates, places = list[_DateCandidates](), list[tuple[int, int]]()
    for read in recognize_dates(text, language):
        dates.append(((date.fromisoformat(read.value),) if read.value else (), read.error_message))
        places.append((read.start, read.end))
    for day in recognize_month_days(text, language):
        if all(day.end <= start or end <= day.start for start, end in places):
            dates.append(_upcoming_dates(day, today, sentences))
            places.append((day.start, day.end))
    said = normalize(mask_times(text, language)).replace("#", " ")
    for number, (start, end) in sorted(enumerate(places), key=lambda place: place[1], reverse=True):
        said = f"{said[:start]} #{number} {said[end:]}"
    tokens = map(correct_weekday_spelling, _TOKEN.findall(_GREETING.sub(" ; ", said)))
    return _SHORT_WEEKDAY_BEFORE_DATE.sub(_expand_weekday, f" {' '.join(tokens)} "), dates


def _expand_weekday(match: re.Match[str]) -> str:
    return _WEEKDAY_NAMES[(SHORT_WEEKDAYS | SHORT_GERMAN_WEEKDAYS)[match[0]]]


def _upcoming_dates(day: MonthDay, today: date, sentences: LocaleMessages) -> _DateCandidates:
    days = sorted(
        {found for month, number in day.candidates if (found := _next_occurrence(month, number, today))}
    )
    if not days:
        return (), sentences.invalid_date.format(day.source_text)
    return tuple(days), ambiguous_date_question(day.source_text, days, sentences) if len(days) > 1 else ""


def _next_occurrence(month: int, day: int, today: date) -> date | None:
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _without_negated(found: list[_DateMatch], said: str) -> Iterator[_DateMatch]:
    """Those that no “not” belongs to: before a day it denies what follows, behind one the whole clause."""
    ends = [match.start() for match in _CLAUSE_SEPARATOR.finditer(said)]
    for start, end in zip([0, *ends], [*ends, len(said)], strict=True):
        here = [item for item in found if start <= item.start < end]
        denied = next((m.start() for m in _WORD.finditer(said, start, end) if _is_denial(m[0])), None)
        after = [item for item in here if denied is not None and denied < item.start]
        is_before = any(len(said[denied : item.start].split()) <= _NEGATION_SCOPE_WORDS for item in after)
        yield from (item for item in here if denied is None or (is_before and item.start < denied))


def _is_denial(word: str) -> bool:
    return is_negation(word) and word not in NEGATIVE_WORDS


def _to_recognized(item: _DateMatch, said: str, sentences: LocaleMessages) -> Recognized:
    before = said[: item.start]
    if _RECURRENCE_WORD.search(before):
        return Recognized(item.start, item.end)
    if _BOUND_PREPOSITION.search(before):
        return Recognized(item.start, item.end, error_message=sentences.exact_day_required)
    if item.error_message or not item.candidates:
        return Recognized(item.start, item.end, error_message=item.error_message)
    if len(item.candidates) > 1:
        both = sentences.join_list([sentences.format_date(day) for day in item.candidates])
        return Recognized(item.start, item.end, error_message=sentences.ambiguous_value.format(both))
    return Recognized(item.start, item.end, item.candidates[0].isoformat())


def _resolve_offset_from_day(
    match: re.Match[str], today: date, dates: list[_DateCandidates]
) -> _DateCandidates:
    start = (
        _next_matched_weekday(match, today)
        if match["weekday"]
        else today + timedelta(NEAR_DAYS.get(match["near"] or "", 0))
    )
    return (start + _parse_duration(match),), ""


def _resolve_weekday_in_weeks(
    match: re.Match[str], today: date, dates: list[_DateCandidates]
) -> _DateCandidates:
    """“Friday in two weeks”: counted from the next Friday, or the Friday of the week in two weeks."""
    span = _parse_duration(match) if match["count"] else timedelta(7)
    number = WEEKDAYS[match["weekday"]]
    if span.days % 7:
        day = today + span
        return (day,) if day.weekday() == number else (), ""
    there = today + span
    return tuple(
        sorted({_next_matched_weekday(match, today) + span, there + timedelta(number - there.weekday())})
    ), ""


def _resolve_weekday_next_week(
    match: re.Match[str], today: date, dates: list[_DateCandidates]
) -> _DateCandidates:
    number = WEEKDAYS[match["weekday"]]
    return (today + timedelta(7 + number - today.weekday()),), ""


def _resolve_duration(match: re.Match[str], today: date, dates: list[_DateCandidates]) -> _DateCandidates:
    return (today + timedelta(NEAR_DAYS.get(match["near"] or "", 0)) + _parse_duration(match),), ""


def _resolve_last_weekday(match: re.Match[str], today: date, dates: list[_DateCandidates]) -> _DateCandidates:
    return (
        _next_matched_weekday(match, today)
        - timedelta(7 if _next_matched_weekday(match, today) - today < timedelta(7) else 14),
    ), ""


def _resolve_weekday_and_date(
    match: re.Match[str], today: date, dates: list[_DateCandidates]
) -> _DateCandidates:
    """“Friday, 4 December”: one day, where they agree."""
    days, reason = dates[int(match["number"])]
    if not days:
        return (), reason
    agreed = tuple(day for day in days if day.weekday() == WEEKDAYS[match["weekday"]])
    return agreed or (_next_matched_weekday(match, today), *days[:1]), ""


def _resolve_weekday_and_day(
    match: re.Match[str], today: date, dates: list[_DateCandidates]
) -> _DateCandidates:
    """“Friday the 4th”."""
    number, day = int(match["number"]), _next_matched_weekday(match, today)
    days = (day + timedelta(7 * weeks) for weeks in range(10))
    return tuple(day for day in days if day.day == number)[:1], ""


def _resolve_date(match: re.Match[str], today: date, dates: list[_DateCandidates]) -> _DateCandidates:
    return dates[int(match["number"])]


def _resolve_weekday(match: re.Match[str], today: date, dates: list[_DateCandidates]) -> _DateCandidates:
    day = _next_matched_weekday(match, today)
    is_today = match["this"] and day - today == timedelta(7)
    return (today, day) if is_today else (day,), ""


def _resolve_short_weekday(
    match: re.Match[str], today: date, dates: list[_DateCandidates]
) -> _DateCandidates:
    return (_next_weekday((SHORT_WEEKDAYS | SHORT_GERMAN_WEEKDAYS)[match["short"]], today),), ""


def _resolve_near_day(match: re.Match[str], today: date, dates: list[_DateCandidates]) -> _DateCandidates:
    return (today + timedelta(NEAR_DAYS[match["near"]]),), ""


def _resolve_day_after_tomorrow(
    match: re.Match[str], today: date, dates: list[_DateCandidates]
) -> _DateCandidates:
    return (today + timedelta(2),), ""


def _resolve_today(match: re.Match[str], today: date, dates: list[_DateCandidates]) -> _DateCandidates:
    return (today,), ""


def _next_matched_weekday(match: re.Match[str], today: date) -> date:
    return _next_weekday(WEEKDAYS[match["weekday"]], today)


def _next_weekday(weekday: int, today: date) -> date:
    """The next such day after today."""
    return today + timedelta((weekday - today.weekday() - 1) % 7 + 1)


def _parse_duration(match: re.Match[str]) -> timedelta:
    written = match["count"]
    count = int(written) if written.isdigit() else _NUMBER_WORDS[written]
    return timedelta(count * (7 if match["unit"].startswith("w") else 1))


def _compile_phrase(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?<= )(?:{'|'.join(patterns)})(?= )")


_RESOLVERS: tuple[
    tuple[re.Pattern[str], Callable[[re.Match[str], date, list[_DateCandidates]], _DateCandidates]], ...
] = (
    (_compile_phrase(r"(?:the )?day after tomorrow"), _resolve_day_after_tomorrow),
    (
        _compile_phrase(
            rf"(?:in )?{_DURATION_PATTERN} (?:from|after|nach|ab) (?:{_WEEKDAY_PATTERN}|{_NEAR_DAY_PATTERN}|now|jetzt)"
        ),
        _resolve_offset_from_day,
    ),
    (_compile_phrase(rf"{_WEEKDAY_PATTERN} (?:week|in {_DURATION_PATTERN})"), _resolve_weekday_in_weeks),
    (_compile_phrase(rf"in {_DURATION_PATTERN} (?:on |am )?{_WEEKDAY_PATTERN}"), _resolve_weekday_in_weeks),
    (_compile_phrase(rf"{_WEEKDAY_PATTERN} {_NEXT_WEEK_PATTERN}"), _resolve_weekday_next_week),
    (_compile_phrase(rf"{_NEXT_WEEK_PATTERN} (?:on |am )?{_WEEKDAY_PATTERN}"), _resolve_weekday_next_week),
    (_compile_phrase(rf"(?:{_NEAR_DAY_PATTERN} )?in {_DURATION_PATTERN}"), _resolve_duration),
    (_compile_phrase(rf"(?:last|past|letzten|vergangenen) {_WEEKDAY_PATTERN}"), _resolve_last_weekday),
    (
        _compile_phrase(rf"{_WEEKDAY_PATTERN} (?:; )*(?:the |den |der )?#(?P<number>\d+)"),
        _resolve_weekday_and_date,
    ),
    (_compile_phrase(rf"#(?P<number>\d+) (?:; )*{_WEEKDAY_PATTERN}"), _resolve_weekday_and_date),
    (
        _compile_phrase(rf"{_WEEKDAY_PATTERN} (?:; )*(?:the )?(?P<number>\d{{1,2}})(?:st|nd|rd|th)"),
        _resolve_weekday_and_day,
    ),
    (_compile_phrase(r"#(?P<number>\d+)"), _resolve_date),
    (_compile_phrase(r"heute morgen"), _resolve_today),
    (_compile_phrase(rf"(?:(?P<this>this|diesen) )?{_WEEKDAY_PATTERN}(?: morgen)?"), _resolve_weekday),
    (re.compile(rf"(?<= )(?<! am ){_NEAR_DAY_PATTERN}(?= )"), _resolve_near_day),
    (
        re.compile(
            rf"(?:(?<= on )|(?<= next )|(?<= this )|(?<=^ )(?=\w+ {_STANDALONE_LOOKAHEAD})|(?<=; )(?=\w+ {_STANDALONE_LOOKAHEAD}))"
            rf"(?P<short>{_SHORT_WEEKDAY_PATTERN})(?= )"
        ),
        _resolve_short_weekday,
    ),
    (
        re.compile(rf"(?:(?<= am )|(?<=^ )(?!so ))(?P<short>{_SHORT_GERMAN_WEEKDAY_PATTERN})(?= (?:$|; ))"),
        _resolve_short_weekday,
    ),
)
