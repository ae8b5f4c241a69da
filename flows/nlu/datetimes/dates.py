"""Recognition of calendar dates. An ambiguous date is an error message that asks for it, never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from flows.locales import DEFAULT_LANGUAGE, Lexicon, LocaleMessages, lexicon_for, messages_for
from flows.nlu.datetimes.date_grammar import DateGrammar, date_grammar
from flows.text import normalize, normalize_same_length

_YEAR_ONLY = re.compile(r"(?<![\d.,/:+-])(?:19|20|21)\d\d(?![\d.,/:-]?\d)")
_MIN_YEAR, _MAX_YEAR = 1900, 2199
_MAX_YEARS_AHEAD = 3
"""Two digits of a year farther ahead may be a year of birth."""


class Recognized(NamedTuple):
    """A recognized entity from `start` to `end` of the folded text: its `value`, or an `error_message`."""

    start: int
    end: int
    value: str = ""
    error_message: str = ""


class MonthDay(NamedTuple):
    """A day without a year from `start` to `end` of the folded text: the (month, day) pairs it can mean."""

    start: int
    end: int
    source_text: str
    candidates: tuple[tuple[int, int], ...]


def recognize_dates(
    text: str, language: str = DEFAULT_LANGUAGE, *, before: date | None = None, since: date | None = None
) -> list[Recognized]:
    """Return every complete date (day, month and year) in `text` as ISO 8601 or an error message, in order.

    In English 04/05/1990 may be the fourth of May or the fifth of April; elsewhere the day comes first.
    A year of two digits is asked for again. With `before` it is the last such year that lies before that day,
    with `since` a year close to that day.
    """
    messages, grammar = messages_for(language), date_grammar(lexicon_for(language))
    text = normalize_same_length(text)
    folded, matches = normalize(text), list[Recognized]()
    for pattern in grammar.dates:
        for match in pattern.finditer(folded):
            if all(match.end() <= other.start or other.end <= match.start() for other in matches):
                written = text[match.start() : match.end()].strip()
                value, error = _resolve_date(
                    match, written, messages, grammar, before or since, is_coming=before is None
                )
                matches.append(Recognized(match.start(), match.end(), value, error))
    return sorted(matches)


def recognize_month_days(text: str, language: str = DEFAULT_LANGUAGE) -> list[MonthDay]:
    """Return every day without a year in `text`, such as 4 May, 24/11 or 4.5., in order."""
    grammar, text = date_grammar(lexicon_for(language)), normalize_same_length(text)
    folded, matches = normalize(text), list[MonthDay]()
    for pattern in grammar.month_days:
        for match in pattern.finditer(folded):
            if all(match.end() <= other.start or other.end <= match.start() for other in matches):
                candidates = tuple(dict.fromkeys(_candidate_month_days(match, folded, grammar)))
                written = text[match.start() : match.end()].strip()
                if candidates:
                    matches.append(MonthDay(match.start(), match.end(), written, candidates))
    return sorted(matches)


def mask_dates(text: str, language: str = DEFAULT_LANGUAGE, *, also_in_digits: bool = False) -> str:
    """Return the text of the same length with its dates blanked out, so that no part of one is misread.

    A date in digits without a year, such as 24/11, stays unless `also_in_digits`.
    """
    text = normalize_same_length(text)
    folded = normalize(text)
    for item in recognize_dates(text, language):
        if not folded[item.start : item.end].isdigit():
            text = _mask_span(text, item.start, item.end)
    for day in recognize_month_days(text, language):
        if also_in_digits or any(letter.isalpha() for letter in day.source_text):
            text = _mask_span(text, day.start, day.end)
    return text


def mask_days_of_month(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the text of the same length without days of a month such as “am 19.”, which are no amounts."""
    text = normalize_same_length(text)
    for pattern in _days_of_month(lexicon_for(language)):
        for match in pattern.finditer(normalize(text)):
            text = _mask_span(text, match.start(), match.end())
    return text


@cache
def _days_of_month(lexicon: Lexicon) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of days as they are written, with the dot behind its number."""
    written = (pattern.replace(" [.;]", r"\s?\.") for pattern in lexicon.dates.bare_day_patterns)
    return tuple(re.compile(rf"\b(?:{pattern})(?![\w:]|[.,]\d)") for pattern in written)


def is_incomplete_date(text: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether `text` names a part of a date: a year, a day and month, or a day alone."""
    # the default language reads 4/23 too, which is a begun date whatever the habit of the language
    folded = normalize(mask_dates(mask_dates(text, language, also_in_digits=True), also_in_digits=True))
    is_begun = _YEAR_ONLY.search(folded) or date_grammar(lexicon_for(language)).day_only.fullmatch(folded)
    return is_begun is not None or folded != normalize(normalize_same_length(text))


def _mask_span(text: str, start: int, end: int) -> str:
    return f"{text[:start]};{' ' * (end - start - 1)}{text[end:]}"


def _resolve_date(
    match: re.Match[str],
    written: str,
    messages: LocaleMessages,
    grammar: DateGrammar,
    known: date | None = None,
    *,
    is_coming: bool = False,
) -> tuple[str, str]:
    groups = match.groupdict()
    if known and is_coming:
        groups = _with_year_of_century(match, known)
    elif known:
        groups = _with_full_year(groups, grammar, known)
    year = groups.get("year") or groups.get("c") or ""
    if len(groups.get("a") or "") == 4:
        year = groups["a"]
    if year and len(year) != 4:
        return "", messages.four_digit_year_required
    if year and not _MIN_YEAR <= int(year) <= _MAX_YEAR:
        return "", (messages.date_too_early if int(year) < _MIN_YEAR else messages.date_too_late).format(
            written
        )
    days = _possible_days(groups, grammar)
    if not days:
        return "", messages.invalid_date.format(written)
    if len(days) > 1:
        return "", ambiguous_date_question(written, sorted(days), messages)
    return days.pop().isoformat(), ""


def _with_full_year(
    groups: dict[str, str | None], grammar: DateGrammar, before: date
) -> dict[str, str | None]:
    """Return the parts of a date with the last year of two such digits in which it lies before a day."""
    name = "year" if groups.get("year") else "c"
    short = (groups.get(name) or "").removeprefix("'")
    if len(short) != 2 or len(groups.get("a") or "") == 4:
        return groups
    for century in (before.year // 100, before.year // 100 - 1):
        full = {**groups, name: f"{century}{short}"}
        if (days := _possible_days(full, grammar)) and max(days) < before:
            return full
    return groups


def _with_year_of_century(match: re.Match[str], since: date) -> dict[str, str | None]:
    """Return the parts of a date with a year of two digits in the century of a day: “05.12.26”, “5 Dec '26”.

    Behind the name of a month two digits without a mark may count something (“4 December 26 guests”).
    """
    groups = match.groupdict()
    name = "year" if groups.get("year") else "c"
    written = groups.get(name) or ""
    is_marked = name == "c" or written.startswith("'") or not match.string[match.end() :].strip(" .!")
    short = written.removeprefix("'")
    if len(short) != len("26") or len(groups.get("a") or "") == len("2026") or not is_marked:
        return groups
    year = since.year // 100 * 100 + int(short)
    return {**groups, name: str(year)} if -1 <= year - since.year <= _MAX_YEARS_AHEAD else groups


def _possible_days(groups: Mapping[str, str | None], grammar: DateGrammar) -> set[date]:
    """Return the days that the parts of a date can mean."""
    candidates = list(_candidate_dates(groups, grammar.months))
    is_day_first = not grammar.month_may_come_first and not groups.get("packed")
    return set(candidates[:1] if is_day_first else candidates)


def ambiguous_date_question(text: str, days: list[date], messages: LocaleMessages) -> str:
    """Return the question which of several days `written` means."""
    either = f" {messages.word_or} ".join(messages.format_date(day) for day in days[:2])
    return messages.ambiguous_date.format(text, either)


def _candidate_dates(groups: Mapping[str, str | None], months: Mapping[str, int]) -> Iterator[date]:
    if month := groups.get("month"):
        yield from _valid_date(groups["year"], months[month], groups["day"])
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
    # eight digits can also be read as a year such as 2304
    if _MIN_YEAR <= int(year or 0) <= _MAX_YEAR:
        try:
            yield date(int(year or 0), int(month or 0), int(day or 0))
        except ValueError:
            return


def _candidate_month_days(
    match: re.Match[str], folded: str, grammar: DateGrammar
) -> Iterator[tuple[int, int]]:
    """Yield the (month, day) pairs it can mean; a named month also with days that no year has."""
    groups = match.groupdict()
    if month := groups.get("month"):
        yield grammar.months[month], int(groups["day"])
        return
    before = folded[: match.start()]
    if grammar.time_preposition.search(before) or (groups["c"] and not grammar.dotted_dates):
        return
    first, second = int(groups["a"]), int(groups["b"] or groups["c"])
    if 1 <= second <= 12 and 1 <= first <= 31:
        yield second, first
    if grammar.month_may_come_first and 1 <= first <= 12 and 1 <= second <= 31:
        yield first, second
