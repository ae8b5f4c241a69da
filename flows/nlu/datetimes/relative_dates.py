"""Recognition of days relative to today: tomorrow, next Tuesday, in two weeks, 4 May."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from flows.locales import LANGUAGES, LocaleMessages, lexicon_for, messages_for
from flows.nlu.clauses.neighbors import has_unknown_neighbor, is_excluded
from flows.nlu.datetimes.date_resolvers import (
    DateCandidates,
    RelativeGrammar,
    ResolvingContext,
    resolve_day_of_month,
    resolve_day_of_named_month,
    resolve_no_day,
)
from flows.nlu.datetimes.dateparser_fallback import recognize_date_with_dateparser
from flows.nlu.datetimes.dates import (
    MonthDay,
    Recognized,
    ambiguous_date_question,
    recognize_dates,
    recognize_month_days,
)
from flows.nlu.datetimes.relative_grammar import relative_grammar
from flows.nlu.datetimes.times import mask_times
from flows.nlu.datetimes.weekdays import correct_weekday_spelling
from flows.nlu.words.lexicon import is_negation
from flows.text import normalize, normalize_same_length, tokenize

_MAX_TEXT_LENGTH = 500
_NEGATION_SCOPE_WORDS = 4
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.,;:!?()\n]|#\d+")
_WORD = re.compile(r"[^ ]+")


class _DateMatch(NamedTuple):
    """A span of the prepared text, and the days that it can mean."""

    start: int
    end: int
    candidates: tuple[date, ...]
    error_message: str = ""


def recognize_relative_dates(
    text: str,
    language: str,
    today: date,
    names: frozenset[str] = frozenset(),
    *,
    is_past: bool = False,
    takes_bare_days: bool = False,
) -> list[Recognized]:
    """Return every day that `text` names, with or without its year, as ISO 8601 or an error message.

    Without a year the next such day is meant, with `is_past` the last one. A negated day is left out; a day
    that is only a limit (“after Friday”) is an error message that asks for the exact day. `names` are the
    words of what was asked for. A day of the month alone (“the 5th”) counts with `takes_bare_days`.
    """
    messages, grammar = messages_for(language), relative_grammar(lexicon_for(language))
    prepared, dates = _prepare_text(
        normalize_same_length(text[:_MAX_TEXT_LENGTH]),
        language,
        today - timedelta(364) if is_past and today.year > 1 else today,
        grammar,
        messages,
    )
    context, matches = ResolvingContext(grammar, today, dates, is_past), list[_DateMatch]()
    has_month = grammar.named_month.search(prepared) is not None
    for pattern, resolve in grammar.resolvers:
        if resolve is resolve_day_of_month and not takes_bare_days:
            continue
        if resolve in (resolve_day_of_named_month, resolve_no_day) and not has_month:
            continue
        for match in pattern.finditer(prepared):
            if all(match.end() <= other.start or other.end <= match.start() for other in matches):
                days, error = resolve(match, context)
                matches.append(_DateMatch(match.start(), match.end(), days, error))
    named = [
        _to_recognized(item, prepared, grammar, messages, language, names, is_only=len(matches) == 1)
        for item in _without_negated(sorted(matches), prepared, grammar)
    ]
    recognized = [item for item in named if item.value or item.error_message]
    if recognized or matches or language in LANGUAGES:
        return recognized
    if any(is_negation(word, language) for word in tokenize(text)):
        return []
    day = recognize_date_with_dateparser(mask_times(text, language), language, today)
    return [Recognized(0, len(text), day.isoformat())] if day else []


def _prepare_text(
    text: str, language: str, today: date, grammar: RelativeGrammar, messages: LocaleMessages
) -> tuple[str, list[DateCandidates]]:
    """Return the folded words with a space around each, and the calendar dates among them.

    Weekdays are spelt right, times are left out, and in the place of a date stands its number, as #0.
    """
    dates, places = list[DateCandidates](), list[tuple[int, int]]()
    for item in recognize_dates(text, language, since=today):
        dates.append(((date.fromisoformat(item.value),) if item.value else (), item.error_message))
        places.append((item.start, item.end))
    for day in recognize_month_days(text, language):
        if all(day.end <= start or end <= day.start for start, end in places):
            dates.append(_upcoming_dates(day, today, messages))
            places.append((day.start, day.end))
    folded = normalize(mask_times(text, language)).replace("#", " ")
    for number, (start, end) in sorted(enumerate(places), key=lambda place: place[1], reverse=True):
        folded = f"{folded[:start]} #{number} {folded[end:]}"
    tokens = (
        correct_weekday_spelling(token, grammar.names)
        for token in _TOKEN.findall(grammar.greeting.sub(" ; ", folded))
    )

    def expand_weekday(match: re.Match[str]) -> str:
        return grammar.weekday_by_number[grammar.short_weekdays[match[0]]]

    return grammar.short_weekday_before_date.sub(expand_weekday, f" {' '.join(tokens)} "), dates


def _upcoming_dates(day: MonthDay, today: date, messages: LocaleMessages) -> DateCandidates:
    days = sorted(
        {upcoming for month, number in day.candidates if (upcoming := _next_occurrence(month, number, today))}
    )
    if not days:
        return (), messages.invalid_date.format(day.source_text)
    return tuple(days), ambiguous_date_question(day.source_text, days, messages) if len(days) > 1 else ""


def _next_occurrence(month: int, day: int, today: date) -> date | None:
    for year in (today.year, today.year + 1):
        try:
            candidate = date(year, month, day)
        except ValueError:
            continue
        if candidate >= today:
            return candidate
    return None


def _without_negated(
    matches: list[_DateMatch], prepared: str, grammar: RelativeGrammar
) -> Iterator[_DateMatch]:
    """Yield the days that are not negated. A “not” negates the days after it, behind a day the clause.

    The mark of an ordinal (“am 10. nicht”) ends no clause.
    """
    ends = [
        match.start()
        for match in grammar.clause_separator.finditer(prepared)
        if not any(item.start < match.start() < item.end for item in matches)
    ]
    for start, end in zip([0, *ends], [*ends, len(prepared)], strict=True):
        here = [item for item in matches if start <= item.start < end]
        negation = next(
            (m.start() for m in _WORD.finditer(prepared, start, end) if grammar.negates(m[0])),
            None,
        )
        after = [item for item in here if negation is not None and negation < item.start]
        is_before = any(
            len(prepared[negation : item.start].split()) <= _NEGATION_SCOPE_WORDS for item in after
        )
        yield from (item for item in here if negation is None or (is_before and item.start < negation))


def _to_recognized(  # noqa: PLR0913 - the text and what it is read by
    item: _DateMatch,
    prepared: str,
    grammar: RelativeGrammar,
    messages: LocaleMessages,
    language: str,
    names: frozenset[str],
    *,
    is_only: bool,
) -> Recognized:
    before, after = prepared[: item.start], prepared[item.end :]
    if grammar.recurrence_before.search(before):
        return Recognized(item.start, item.end)
    if is_excluded(tuple(before.split()), language):  # “Tuesday instead of Monday”
        return Recognized(item.start, item.end)
    # “from” bounds nothing where the first day is asked for
    bound = grammar.bound_before.search(before)
    if bound and not _asks_for_start(bound[0].split(), names, language):
        return Recognized(item.start, item.end, error_message=messages.exact_day_required)
    if (
        grammar.alternative_behind.match(after)
        or grammar.half_behind.match(after)
        or (is_only and grammar.open_behind.match(after))
    ):  # “12 or 13”
        return Recognized(item.start, item.end, error_message=messages.exact_day_required)
    if grammar.indefinite_before.search(before):  # “a Saturday” is any
        return Recognized(item.start, item.end, error_message=messages.exact_day_required)
    if grammar.range_before.search(before):  # “between the 10th and 15 January” is a range
        return Recognized(item.start, item.end, error_message=messages.exact_day_required)
    if has_unknown_neighbor(tuple(before.split()), tuple(after.split()), language, names):
        return Recognized(item.start, item.end, error_message=messages.exact_day_required)
    if item.error_message or not item.candidates:
        return Recognized(item.start, item.end, error_message=item.error_message)
    if len(item.candidates) > 1:
        days = messages.join_list([messages.format_date(day) for day in item.candidates])
        return Recognized(item.start, item.end, error_message=messages.ambiguous_value.format(days))
    return Recognized(item.start, item.end, item.candidates[0].isoformat())


def _asks_for_start(bound: list[str], names: frozenset[str], language: str) -> bool:
    """Return whether a limit such as “from” is what was asked for: by its word, or as the first day."""
    words = lexicon_for(language).dates
    is_start = not names.isdisjoint(words.start_question_words)
    limits = frozenset(bound) - {*words.bound_articles, *words.articles, *words.particles}
    return not names.isdisjoint(limits) or (is_start and not words.start_words.isdisjoint(bound))
