"""Recognition of days relative to today: tomorrow, next Tuesday, in two weeks, 4 May."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from flows.locales import (
    ALL_LEXICONS,
    LANGUAGES,
    Lexicon,
    LocaleMessages,
    lexicon_for,
    messages_for,
)
from flows.nlu.beside import stands_beside_unknown
from flows.nlu.datetimes.dateparser_fallback import recognize_date_with_dateparser
from flows.nlu.datetimes.dates import (
    MonthDay,
    Recognized,
    ambiguous_date_question,
    recognize_dates,
    recognize_month_days,
)
from flows.nlu.datetimes.times import mask_times
from flows.nlu.datetimes.weekdays import DayNames, correct_weekday_spelling, day_names
from flows.nlu.lexicon import is_negation
from flows.nlu.patterns import any_pattern, one_of
from flows.text import normalize, normalize_same_length, tokenize

_MAX_TEXT_LENGTH = 500
_NEGATION_SCOPE_WORDS = 4
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.,;:!?()\n]|#\d+")
_WORD = re.compile(r"[^ ]+")

_DateCandidates = tuple[tuple[date, ...], str]
"""The days that something can mean, and an error message when it is none or several."""


class _Context(NamedTuple):
    """Context that resolves a match; `dates` are the calendar dates that stand as #0, #1 in the text."""

    grammar: _RelativeGrammar
    today: date
    dates: list[_DateCandidates]
    is_past: bool = False

    @property
    def start(self) -> date:
        """The day after which the next weekday is meant: a week ago, where a past one is."""
        return self.today - timedelta(8) if self.is_past else self.today


_Resolver = Callable[[re.Match[str], _Context], _DateCandidates]


class _DateMatch(NamedTuple):
    """A span of the prepared text, and the days that it can mean."""

    start: int
    end: int
    candidates: tuple[date, ...]
    error_message: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _RelativeGrammar:
    """A language's patterns of relative days, compiled once, for text of words with a space around each."""

    names: DayNames
    short_weekdays: Mapping[str, int]
    short_weekday_before_date: re.Pattern[str]
    weekday_by_number: tuple[str, ...]
    near_days: Mapping[str, int]
    counts: Mapping[str, int]
    resolvers: tuple[tuple[re.Pattern[str], _Resolver], ...]
    greeting: re.Pattern[str]
    bound_before: re.Pattern[str]
    range_before: re.Pattern[str]
    recurrence_before: re.Pattern[str]
    alternative_behind: re.Pattern[str]
    open_behind: re.Pattern[str]
    clause_separator: re.Pattern[str]
    negations: frozenset[str]
    negation_suffixes: tuple[str, ...]

    def negates(self, word: str) -> bool:
        """Return whether a word negates a day."""
        return word in self.negations or word.endswith(self.negation_suffixes)

    def next_weekday(self, match: re.Match[str], today: date) -> date:
        """Return the next matched weekday after today."""
        return _next_weekday(self.names.weekdays[match["weekday"]], today)

    def near_offset(self, match: re.Match[str]) -> timedelta:
        """Return the distance of a near day from today; none where none was matched."""
        return timedelta(self.near_days[match["near"]] if match["near"] else 0)

    def duration(self, match: re.Match[str]) -> timedelta:
        """Return a matched number of days or weeks."""
        written = match["count"]
        count = int(written) if written.isdigit() else self.counts[written]
        return timedelta(weeks=count) if match["weeks"] else timedelta(days=count)


@cache
def _grammar(lexicon: Lexicon) -> _RelativeGrammar:
    words, names = lexicon.dates, day_names(lexicon)
    articles = rf"(?:{one_of(words.articles)} )?"
    short = one_of(words.short_weekdays)
    return _RelativeGrammar(
        names=names,
        short_weekdays=words.short_weekdays,
        short_weekday_before_date=re.compile(rf"(?<= ){short}(?= (?:; )?{articles}#)"),
        weekday_by_number=tuple(spellings[0] for spellings in words.weekdays),
        near_days=words.near_days,
        counts=words.counts,
        resolvers=_compile_resolvers(lexicon, names),
        greeting=re.compile(rf"\b{any_pattern(lexicon.greeting_patterns)}\b"),
        range_before=re.compile(
            rf" \d{{1,2}}(?:st|nd|rd|th)?[.ºª]?(?: [.;])? {one_of(lexicon.times.range_links)}"
            rf"(?: {one_of((*words.bound_articles, *words.articles))})? $"
        ),
        bound_before=re.compile(rf" {one_of(words.bound_words)}(?: {one_of(words.bound_articles)})? $"),
        alternative_behind=re.compile(
            rf" (?:{one_of((*lexicon.or_words, *lexicon.times.range_to_words))}) "
            rf"(?:{one_of((*words.articles, *words.bound_articles))} )?\d{{1,2}}(?:st|nd|rd|th)?(?: [.;])* $"
        ),
        open_behind=re.compile(rf" {one_of(lexicon.or_words)} {one_of(words.open_words)} "),
        recurrence_before=re.compile(
            rf" {one_of(words.recurrence_words)}(?: {one_of(words.day_prepositions)})? $"
        ),
        clause_separator=re.compile(rf" (?:;|{one_of(words.contrast_words)})(?= )"),
        # not “no”, which stands for itself (“no, Saturday”), unless it is the language's “not” too
        negations=lexicon.negations - (lexicon.answers.no | lexicon.answers.incorrect)
        | lexicon.answers.negating_no,
        negation_suffixes=lexicon.negation_suffixes,
    )


def _compile_resolvers(lexicon: Lexicon, names: DayNames) -> tuple[tuple[re.Pattern[str], _Resolver], ...]:
    """Return the patterns with their resolvers; of two matches that overlap the first counts."""
    words = lexicon.dates
    near_phrases = [name for name in words.near_days if " " in name]
    near_words = [name for name in words.near_days if " " not in name]
    weekday, near = f"(?P<weekday>{one_of(names.weekdays)})", f"(?P<near>{one_of(near_words)})"
    duration = (
        rf"(?P<count>\d{{1,3}}|{one_of(words.counts)}) "
        rf"(?:(?P<days>{any_pattern(words.day_unit_patterns)})|(?P<weeks>{any_pattern(words.week_unit_patterns)}))"
    )
    articles, preposition = f"(?:{one_of(words.articles)} )?", f"(?:{one_of(words.day_prepositions)} )?"
    next_week, ahead = one_of(words.next_week), one_of(words.in_words)
    last_before, last_after = one_of(words.last_before_words), one_of(words.last_after_words)
    not_after = "".join(f"(?<! {phrase} )" for phrase in words.near_day_not_after)
    return (
        (_compile_phrase(f"(?P<near>{one_of(near_phrases)})"), _resolve_near_day),
        (
            _compile_phrase(
                rf"(?:{ahead} )?{duration} {one_of(words.after_words)} "
                rf"(?:{weekday}|{near}|{one_of(words.now_words)})"
            ),
            _resolve_offset_from_day,
        ),
        (
            _compile_phrase(rf"{weekday} (?:{one_of(words.weeks_after_weekday)}|{ahead} {duration})"),
            _resolve_weekday_in_weeks,
        ),
        (_compile_phrase(rf"{ahead} {duration} {preposition}{weekday}"), _resolve_weekday_in_weeks),
        (_compile_phrase(rf"{weekday} {next_week}"), _resolve_weekday_next_week),
        (_compile_phrase(rf"{next_week} {preposition}{weekday}"), _resolve_weekday_next_week),
        (_compile_phrase(rf"(?:{near} )?{ahead} {duration}"), _resolve_duration),
        *(
            (
                _compile_phrase(rf"{duration} {ago}" if is_behind else rf"{ago} {duration}"),
                _resolve_duration_ago,
            )
            for is_behind, phrases in ((True, words.ago_after_words), (False, words.ago_before_words))
            for ago in phrases
        ),
        (_compile_phrase(rf"{last_before} {weekday}"), _resolve_last_weekday),
        *(
            ((_compile_phrase(rf"{weekday} {last_after}"), _resolve_last_weekday),)
            if words.last_after_words
            else ()
        ),
        (_compile_phrase(rf"{weekday} (?:; )*{articles}#(?P<number>\d+)"), _resolve_weekday_and_date),
        (_compile_phrase(rf"#(?P<number>\d+) (?:; )*{weekday}"), _resolve_weekday_and_date),
        *(
            (_compile_phrase(rf"{weekday} (?:; )*{form}"), _resolve_weekday_and_day)
            for form in words.day_of_month_patterns
        ),
        (_compile_phrase(r"#(?P<number>\d+)"), _resolve_date),
        (
            _compile_phrase(
                rf"(?:(?P<this>{one_of(words.this_words)}) )?{weekday}"
                rf"(?: {one_of(words.near_day_after_weekday)})?"
            ),
            _resolve_weekday,
        ),
        (re.compile(rf"(?<= ){not_after}{near}(?= )"), _resolve_near_day),
        *((re.compile(form), _resolve_short_weekday) for form in words.short_weekday_patterns),
        *((_compile_phrase(form), _resolve_day_of_month) for form in words.bare_day_patterns),
    )


def _compile_phrase(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<= )(?:{pattern})(?= )")


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
    messages, grammar = messages_for(language), _grammar(lexicon_for(language))
    prepared, dates = _prepare_text(
        normalize_same_length(text[:_MAX_TEXT_LENGTH]),
        language,
        today - timedelta(364) if is_past and today.year > 1 else today,
        grammar,
        messages,
    )
    context, matches = _Context(grammar, today, dates, is_past), list[_DateMatch]()
    for pattern, resolve in grammar.resolvers:
        if resolve is _resolve_day_of_month and not takes_bare_days:
            continue
        for match in pattern.finditer(prepared):
            if all(match.end() <= other.start or other.end <= match.start() for other in matches):
                days, error = resolve(match, context)
                matches.append(_DateMatch(match.start(), match.end(), days, error))
    named = [
        _to_recognized(item, prepared, grammar, messages, language, names)
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
    text: str, language: str, today: date, grammar: _RelativeGrammar, messages: LocaleMessages
) -> tuple[str, list[_DateCandidates]]:
    """Return the folded words with a space around each, and the calendar dates among them.

    Weekdays are spelt right, times are left out, and in the place of a date stands its number, as #0.
    """
    dates, places = list[_DateCandidates](), list[tuple[int, int]]()
    for item in recognize_dates(text, language):
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


def _upcoming_dates(day: MonthDay, today: date, messages: LocaleMessages) -> _DateCandidates:
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
    matches: list[_DateMatch], prepared: str, grammar: _RelativeGrammar
) -> Iterator[_DateMatch]:
    """Yield the days that are not negated. A “not” negates the days after it, behind a day the clause."""
    ends = [match.start() for match in grammar.clause_separator.finditer(prepared)]
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


def _to_recognized(
    item: _DateMatch,
    prepared: str,
    grammar: _RelativeGrammar,
    messages: LocaleMessages,
    language: str,
    names: frozenset[str],
) -> Recognized:
    before, after = prepared[: item.start], prepared[item.end :]
    if grammar.recurrence_before.search(before):
        return Recognized(item.start, item.end)
    # “from” bounds nothing where the first day is asked for
    bound = grammar.bound_before.search(before)
    if bound and not _asks_for_start(bound[0].split(), names, language):
        return Recognized(item.start, item.end, error_message=messages.exact_day_required)
    if grammar.alternative_behind.match(after) or grammar.open_behind.match(after):  # “dec 12 or 13”
        return Recognized(item.start, item.end, error_message=messages.exact_day_required)
    if grammar.range_before.search(before):  # “between the 10th and 15 January” is a range
        return Recognized(item.start, item.end, error_message=messages.exact_day_required)
    if stands_beside_unknown(tuple(before.split()), tuple(after.split()), language, names):
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


def _resolve_offset_from_day(match: re.Match[str], context: _Context) -> _DateCandidates:
    grammar, today = context.grammar, context.today
    start = grammar.next_weekday(match, today) if match["weekday"] else today + grammar.near_offset(match)
    return (start + grammar.duration(match),), ""


def _resolve_weekday_in_weeks(match: re.Match[str], context: _Context) -> _DateCandidates:
    """Resolve “Friday in two weeks”: counted from next Friday, or from the week in two weeks."""
    grammar, today = context.grammar, context.today
    span = grammar.duration(match) if match["count"] else timedelta(7)
    number = grammar.names.weekdays[match["weekday"]]
    day = today + span
    if span.days % 7:
        return (day,) if day.weekday() == number else (), ""
    candidates = {grammar.next_weekday(match, today) + span, day + timedelta(number - day.weekday())}
    return tuple(sorted(candidates)), ""


def _resolve_weekday_next_week(match: re.Match[str], context: _Context) -> _DateCandidates:
    number = context.grammar.names.weekdays[match["weekday"]]
    return (context.today + timedelta(7 + number - context.today.weekday()),), ""


def _resolve_duration(match: re.Match[str], context: _Context) -> _DateCandidates:
    grammar = context.grammar
    return (context.today + grammar.near_offset(match) + grammar.duration(match),), ""


def _resolve_duration_ago(match: re.Match[str], context: _Context) -> _DateCandidates:
    return (context.today - context.grammar.duration(match),), ""


def _resolve_day_of_month(match: re.Match[str], context: _Context) -> _DateCandidates:
    """Resolve “the 4th”: the next such day, or the last one."""
    step = timedelta(-1 if context.is_past else 1)
    days = (context.today + step * away for away in range(62))
    return tuple(day for day in days if day.day == int(match["number"]))[:1], ""


def _resolve_last_weekday(match: re.Match[str], context: _Context) -> _DateCandidates:
    upcoming = context.grammar.next_weekday(match, context.today)
    return (upcoming - timedelta(7 if upcoming - context.today < timedelta(7) else 14),), ""


def _resolve_weekday_and_date(match: re.Match[str], context: _Context) -> _DateCandidates:
    """Resolve “Friday, 4 December”: one day, where they agree."""
    days, error = context.dates[int(match["number"])]
    if not days:
        return (), error
    weekday = context.grammar.names.weekdays[match["weekday"]]
    agreed = tuple(day for day in days if day.weekday() == weekday)
    return agreed or (context.grammar.next_weekday(match, context.start), *days[:1]), ""


def _resolve_weekday_and_day(match: re.Match[str], context: _Context) -> _DateCandidates:
    """Resolve “Friday the 4th”."""
    number, day = int(match["number"]), context.grammar.next_weekday(match, context.start)
    days = (day + timedelta(7 * (-weeks if context.is_past else weeks)) for weeks in range(10))
    return tuple(day for day in days if day.day == number)[:1], ""


def _resolve_date(match: re.Match[str], context: _Context) -> _DateCandidates:
    return context.dates[int(match["number"])]


def _resolve_weekday(match: re.Match[str], context: _Context) -> _DateCandidates:
    today = context.today
    day = context.grammar.next_weekday(match, context.start)
    is_today = match["this"] and day - today == timedelta(7)
    return (today, day) if is_today else (day,), ""


def _resolve_short_weekday(match: re.Match[str], context: _Context) -> _DateCandidates:
    return (_next_weekday(context.grammar.short_weekdays[match["short"]], context.start),), ""


def _resolve_near_day(match: re.Match[str], context: _Context) -> _DateCandidates:
    return (context.today + context.grammar.near_offset(match),), ""


def _next_weekday(weekday: int, today: date) -> date:
    """Return the next such day after today."""
    return today + timedelta((weekday - today.weekday() - 1) % 7 + 1)


for (
    _lexicon
) in ALL_LEXICONS:  # compiled at import, as a worker that forks per job would compile them in each job
    _grammar(_lexicon)
