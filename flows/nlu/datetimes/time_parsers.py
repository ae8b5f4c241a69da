"""Parses what the patterns of times of day have matched."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flows.locales.time_words import TimeWords
from flows.nlu.datetimes.time_of_day import INEXACT_TIME, TimeOfDay

TimeParser = Callable[[re.Match[str], "TimeGrammar"], TimeOfDay | None]
TimePattern = tuple[re.Pattern[str], TimeParser]


@dataclass(frozen=True, slots=True, eq=False)
class TimeGrammar:
    """A language's time patterns, compiled once."""

    words: TimeWords
    exact: tuple[TimePattern, ...]
    """Patterns that come before ranges, the most certain first."""
    likely: tuple[TimePattern, ...]
    range: re.Pattern[str]
    noon: re.Pattern[str]
    bare_hour: re.Pattern[str]
    hour_only: re.Pattern[str]
    leading_preposition: re.Pattern[str]
    alternative_behind: re.Pattern[str]
    bound_before: re.Pattern[str]
    day_before: re.Pattern[str]
    limits: frozenset[str]
    """Words that bound a time, unless they are asked for (“From what time?”)."""
    negation_before: re.Pattern[str]
    greeting: re.Pattern[str]
    clock_24h: re.Pattern[str]
    day_periods: Mapping[str, re.Pattern[str]]
    any_day_period: re.Pattern[str]
    day_period_answer: re.Pattern[str]

    def classify_day_period(self, period: str) -> str:
        """Return the kind of a part of the day, or an empty string."""
        return next((kind for kind, form in self.day_periods.items() if form.fullmatch(period)), "")

    def parse_hour(self, match: re.Match[str]) -> int | None:
        """Return the hour of a match, or None when it is an article or no hour."""
        written, groups = match["hour"], match.groupdict()
        clock = groups.get("clock")
        if written in self.words.article_hours and not (clock and self.clock_24h.fullmatch(clock)):
            return None
        hour = int(written) if written.isdigit() else self.words.hours[written]
        return hour if hour < 24 or groups.get("half") else None


def parse_minutes_first(match: re.Match[str], grammar: TimeGrammar) -> TimeOfDay | None:
    """Parse “ten past six” and “ten to six”; the second may be a range."""
    words, minutes, hour = grammar.words, parse_offset(match, grammar), grammar.parse_hour(match)
    is_range = match["way"] in words.range_to_words and minutes <= 12 and not match["minutes"]
    if hour is None or is_range or not 0 < minutes < 60:
        return None
    is_before = match["way"] in words.to_words
    return build_time(match, hour, 0 if is_before else minutes, minutes if is_before else 0)


def parse_hour_first(match: re.Match[str], grammar: TimeGrammar) -> TimeOfDay | None:
    """Parse “seis y media” and “seis menos cuarto”."""
    minutes, hour = parse_offset(match, grammar), grammar.parse_hour(match)
    if hour is None or not 0 < minutes < 60:
        return None
    is_before = match["way"] in grammar.words.minus_words
    return build_time(match, hour, 0 if is_before else minutes, minutes if is_before else 0)


def parse_offset(match: re.Match[str], grammar: TimeGrammar) -> int:
    written = match["offset"]
    return int(written) if written.isdigit() else grammar.words.minutes[written]


def parse_fraction(match: re.Match[str], grammar: TimeGrammar) -> TimeOfDay | None:
    hour, missing = grammar.parse_hour(match), grammar.words.fractions[match["way"]]
    if hour is None:
        return None
    return build_time(match, hour, 0, missing) if missing else INEXACT_TIME


def parse_numeric(match: re.Match[str], grammar: TimeGrammar) -> TimeOfDay | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if minute > 59 and ":" not in match[0]:
        return None
    return TimeOfDay(hour, minute, 0, match["half"] or "", match["part"] or "")


def parse_spoken(match: re.Match[str], grammar: TimeGrammar) -> TimeOfDay | None:
    minute = grammar.words.minutes[match["minute"]] + (5 if match["five"] else 0)
    hour = grammar.parse_hour(match)
    return None if hour is None else build_time(match, hour, minute)


def parse_spoken_clock(match: re.Match[str], grammar: TimeGrammar) -> TimeOfDay | None:
    """Parse “fünfzehn Uhr dreißig”."""
    hour = int(match["hour"]) if match["hour"].isdigit() else grammar.words.hours[match["hour"]]
    minute = grammar.words.clock_minutes[match["minute"]]
    return TimeOfDay(hour, minute, 0, match["half"] or "", match["part"] or "")


def parse_beside_fraction(match: re.Match[str], grammar: TimeGrammar) -> TimeOfDay | None:
    """Parse “fünf nach halb vier”."""
    minutes, missing = parse_offset(match, grammar), grammar.words.fractions[match["fraction"]]
    hour, is_before = grammar.parse_hour(match), match["way"] in grammar.words.to_words
    if hour is None or not 0 < minutes < missing:
        return None
    return build_time(match, hour, 0, missing + minutes if is_before else missing - minutes)


def parse_with_suffix(match: re.Match[str], grammar: TimeGrammar) -> TimeOfDay | None:
    hour, period, clock = grammar.parse_hour(match), match["part"] or "", match["clock"] or ""
    is_clear_period = bool(period) and period not in grammar.words.vague_day_periods
    if hour is None or not (match["half"] or clock or is_clear_period):
        return None
    is_24h = grammar.clock_24h.fullmatch(clock) is not None
    return build_time(match, hour, 0)._replace(is_twelve_hour=not is_24h)


def parse_with_preposition(match: re.Match[str], grammar: TimeGrammar) -> TimeOfDay | None:
    hour = grammar.parse_hour(match)
    return None if hour is None else TimeOfDay(hour, is_twelve_hour=True)


def build_time(match: re.Match[str], hour: int, minute: int, minutes_before: int = 0) -> TimeOfDay:
    return TimeOfDay(
        hour, minute, minutes_before, match["half"] or "", match["part"] or "", is_twelve_hour=True
    )
