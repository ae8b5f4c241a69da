"""Patterns of calendar dates, compiled once for each language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from flows.locales import ALL_LEXICONS, Lexicon
from flows.nlu.words.patterns import any_pattern, one_of

_NUMERIC_MONTH_DAY = re.compile(
    r"(?<![\d.,/:-])(?P<a>\d{1,2})(?:/(?P<b>\d{1,2})(?![\d/.,:-])|\.\s?(?P<c>\d{1,2})\.(?!\d))"
)


@dataclass(frozen=True, slots=True, eq=False)
class DateGrammar:
    """A language's date patterns."""

    months: Mapping[str, int]
    dates: tuple[re.Pattern[str], ...]
    month_days: tuple[re.Pattern[str], ...]
    time_preposition: re.Pattern[str]
    day_only: re.Pattern[str]
    month_may_come_first: bool
    dotted_dates: bool


@cache
def date_grammar(lexicon: Lexicon) -> DateGrammar:
    """Return the patterns of a language."""
    words = lexicon.dates
    months = {name: number for number, names in enumerate(words.months, 1) for name in names}
    suffix = f"{one_of(words.ordinal_suffixes)}?"
    month, day = rf"(?P<month>{one_of(months)})\.?", rf"(?P<day>\d{{1,2}}){suffix}"
    particle = one_of(words.particles)
    clock = any_pattern((*lexicon.times.clock_12h_patterns, *lexicon.times.clock_24h_patterns))
    not_hour = rf"(?!\d|\s*(?:{clock}\b|[ap]\.?m\b|:\d))"  # “4 December 15 h”, “4.12. 15:30”
    year = rf"(?P<year>\d{{4}}(?!\d)|'?\d{{2}}{not_hour})"
    time_prepositions = one_of((*lexicon.times.prepositions, *lexicon.times.approximate_prepositions))
    return DateGrammar(
        months=months,
        dates=(
            re.compile(r"(?<!\d)(?P<a>\d{4})\s?[-/.]\s?(?P<b>\d{1,2})\s?[-/.]\s?(?P<c>\d{1,2})(?!\d)"),
            re.compile(
                r"(?<!\d)(?P<a>\d{1,2})\s?[-/.]\s?(?P<b>\d{1,2})\s?[-/.]\s?(?P<c>\d{4}(?!\d)|\d{2}"
                + not_hour
                + ")"
            ),
            re.compile(r"(?<!\d)(?P<a>\d{1,2})\s(?P<b>\d{1,2})\s(?P<c>\d{4})(?!\d)"),
            re.compile(rf"(?<!\d){day}(?:\s+{particle})?[\s,.-]*{month}[\s,.-]*(?:{particle}\s+)?{year}"),
            re.compile(rf"\b{month}[\s.-]*{day}[\s,.-]+{year}"),
            re.compile(rf"(?<!\d)(?P<year>\d{{4}})[\s,.-]+{month}[\s,.-]*{day}(?!\d)"),
            re.compile(r"(?<!\d)(?P<packed>\d{8})(?!\d)"),
        ),
        month_days=(
            re.compile(
                rf"(?<![\d:.,/]){day}(?:\s+{particle})?[\s.-]*{month}(?!\w)(?![\s,]*\d{{5}})(?!\s+{one_of(words.not_after_month)}\b)"
            ),
            re.compile(rf"\b{month}[\s.-]*{day}(?!\d|[:.,]\d|\s*(?:[ap]\.?m\b|{clock}\b))"),
            _NUMERIC_MONTH_DAY,
        ),
        time_preposition=re.compile(rf"\b{time_prepositions}\s*$"),
        day_only=re.compile(
            rf"\s*(?:{one_of(words.articles)}\s+)?'?\d{{1,2}}(?:{one_of(words.ordinal_suffixes)}|\.)?\s*"
        ),
        month_may_come_first=words.month_may_come_first,
        dotted_dates=words.dotted_dates,
    )


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    date_grammar(_lexicon)
