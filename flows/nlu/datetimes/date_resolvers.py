"""Resolves what names a day relative to today: tomorrow, next Tuesday, in two weeks."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from flows.nlu.datetimes.weekdays import DayNames

DateCandidates = tuple[tuple[date, ...], str]
"""The days that something can mean, and an error message when it is none or several."""


class ResolvingContext(NamedTuple):
    """Context that resolves a match; `dates` are the calendar dates that stand as #0, #1 in the text."""

    grammar: RelativeGrammar
    today: date
    dates: list[DateCandidates]
    is_past: bool = False

    @property
    def start(self) -> date:
        """The day after which the next weekday is meant: a week ago, where a past one is."""
        return self.today - timedelta(8) if self.is_past else self.today


Resolver = Callable[[re.Match[str], ResolvingContext], DateCandidates]


@dataclass(frozen=True, slots=True, eq=False)
class RelativeGrammar:
    """A language's patterns of relative days, compiled once, for text of words with a space around each."""

    names: DayNames
    short_weekdays: Mapping[str, int]
    short_weekday_before_date: re.Pattern[str]
    weekday_by_number: tuple[str, ...]
    near_days: Mapping[str, int]
    counts: Mapping[str, int]
    resolvers: tuple[tuple[re.Pattern[str], Resolver], ...]
    greeting: re.Pattern[str]
    bound_before: re.Pattern[str]
    range_before: re.Pattern[str]
    recurrence_before: re.Pattern[str]
    indefinite_before: re.Pattern[str]
    alternative_behind: re.Pattern[str]
    named_month: re.Pattern[str]
    """Phrases for a month, without one of which no pattern with them matches."""
    half_behind: re.Pattern[str]
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

    def shift(self, day: date, match: re.Match[str], sign: int = 1) -> date:
        """Return the day in a matched number of days, weeks, months or years from a day."""
        written = match["count"]
        count = sign * (int(written) if written.isdigit() else self.counts[written])
        if match["months"] or match["years"]:
            return _shift_months(day, count * (12 if match["years"] else 1))
        return day + (timedelta(weeks=count) if match["weeks"] else timedelta(days=count))


def resolve_offset_from_day(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    grammar, today = context.grammar, context.today
    start = grammar.next_weekday(match, today) if match["weekday"] else today + grammar.near_offset(match)
    return (grammar.shift(start, match),), ""


def resolve_weekday_in_weeks(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    """Resolve “Friday in two weeks”: counted from next Friday, or from the week in two weeks."""
    grammar, today = context.grammar, context.today
    day = grammar.shift(today, match) if match["count"] else today + timedelta(7)
    number, span = grammar.names.weekdays[match["weekday"]], day - today
    if span.days % 7:
        return (day,) if day.weekday() == number else (), ""
    candidates = {grammar.next_weekday(match, today) + span, day + timedelta(number - day.weekday())}
    return tuple(sorted(candidates)), ""


def resolve_weekday_next_week(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    number = context.grammar.names.weekdays[match["weekday"]]
    return (context.today + timedelta(7 + number - context.today.weekday()),), ""


def resolve_duration(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    grammar = context.grammar
    return (grammar.shift(context.today + grammar.near_offset(match), match),), ""


def resolve_duration_ago(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    return (context.grammar.shift(context.today, match, -1),), ""


def resolve_day_of_month(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    """Resolve “the 4th”: the next such day, or the last one."""
    step = timedelta(-1 if context.is_past else 1)
    days = (context.today + step * away for away in range(62))
    return tuple(day for day in days if day.day == int(match["number"]))[:1], ""


def resolve_day_of_named_month(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    """Resolve “the 5th of next month”, and “of this month”; none where the month has no such day."""
    first = context.today.replace(day=1)
    first = _shift_months(first, 1) if match["next_month"] else first
    number = int(match["number"])
    return ((first.replace(day=number),) if 1 <= number <= _days_in(first) else ()), ""


def resolve_no_day(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    """Resolve what may be one of several days: “Friday next month”."""
    return (), ""


def resolve_last_weekday(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    upcoming = context.grammar.next_weekday(match, context.today)
    return (upcoming - timedelta(7 if upcoming - context.today < timedelta(7) else 14),), ""


def resolve_weekday_and_date(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    """Resolve “Friday, 4 December”: one day, where they agree."""
    days, error = context.dates[int(match["number"])]
    if not days:
        return (), error
    weekday = context.grammar.names.weekdays[match["weekday"]]
    agreed = tuple(day for day in days if day.weekday() == weekday)
    return agreed or (context.grammar.next_weekday(match, context.start), *days[:1]), ""


def resolve_weekday_and_day(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    """Resolve “Friday the 4th”."""
    number, day = int(match["number"]), context.grammar.next_weekday(match, context.start)
    days = (day + timedelta(7 * (-weeks if context.is_past else weeks)) for weeks in range(10))
    return tuple(day for day in days if day.day == number)[:1], ""


def resolve_date(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    return context.dates[int(match["number"])]


def resolve_weekday(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    today = context.today
    day = context.grammar.next_weekday(match, context.start)
    is_today = match["this"] and day - today == timedelta(7)
    return (today, day) if is_today else (day,), ""


def resolve_short_weekday(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    return (_next_weekday(context.grammar.short_weekdays[match["short"]], context.start),), ""


def resolve_near_day(match: re.Match[str], context: ResolvingContext) -> DateCandidates:
    return (context.today + context.grammar.near_offset(match),), ""


def _shift_months(day: date, months: int) -> date:
    """Return the same day some months away, or the last day of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(min(max(year, date.min.year), date.max.year), month + 1, 1)
    return first.replace(day=min(day.day, _days_in(first)))


def _days_in(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _next_weekday(weekday: int, today: date) -> date:
    """Return the next such day after today."""
    return today + timedelta((weekday - today.weekday() - 1) % 7 + 1)
