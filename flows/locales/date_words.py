"""A pack's words of dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.locales.folding import Phrases, Words


@dataclass(frozen=True, slots=True, eq=False)
class DateWords:
    """Words of dates and of days relative to today."""

    months: tuple[tuple[str, ...], ...]
    """The spellings of each month."""
    weekdays: tuple[tuple[str, ...], ...]
    """The spellings of each weekday, Monday first."""
    short_weekdays: Mapping[str, int]
    """Abbreviations, Monday 0."""
    short_weekday_patterns: tuple[str, ...]
    """Patterns of an abbreviated weekday that names a day, with the group `short`."""
    near_days: Mapping[str, int]
    """Words and phrases for a day, and its distance from today."""
    month_may_come_first: bool
    """True if 4/5 can be the fifth of April."""
    dotted_dates: bool
    """True if `4.5.` is a day."""
    articles: Phrases
    """Words before the day of the month."""
    day_prepositions: Phrases
    counts: Mapping[str, int]
    """Number words of a duration."""
    day_unit_patterns: tuple[str, ...]
    week_unit_patterns: tuple[str, ...]
    month_unit_patterns: tuple[str, ...]
    year_unit_patterns: tuple[str, ...]
    next_month: Phrases
    this_month: Phrases
    """Phrases for a month beside a day of it (“the 5th of next month”)."""
    in_words: Phrases
    """Words before a duration that lies ahead (“in two weeks”)."""
    after_words: Phrases
    """Words between a duration and the day it is counted from."""
    now_words: Phrases
    next_week: Phrases
    this_words: Phrases
    bound_words: Phrases
    """Words that make a day or a time a limit (“after Friday”)."""
    approximate_words: Phrases
    """Words before a day that is only near the one meant (“around the 5th”, “the week of 7 December”)."""
    bound_articles: Phrases
    recurrence_words: Phrases
    contrast_words: Phrases
    """Words that end the scope of a negation (“not Monday but Tuesday”)."""
    ago_before_words: Phrases = ()
    ago_after_words: Phrases = ()
    """Words before or after a duration that lies behind (“two weeks ago”)."""
    bare_day_patterns: tuple[str, ...] = ()
    """Patterns of a day of the month that stands alone, with the group `number`."""
    last_before_words: Phrases = ()
    last_after_words: Phrases = ()
    particles: Phrases = ()
    """Words between day, month and year (“4 of May”)."""
    ordinal_suffixes: Phrases = ()
    not_after_month: Phrases = ()
    """Words that show that a month's name before them is another word (“at 9 may I come”)."""
    weeks_after_weekday: Phrases = ()
    """Words after a weekday that add a week (“Friday week”)."""
    day_of_month_patterns: tuple[str, ...] = ()
    """Patterns of a bare day of the month after a weekday, with the group `number`."""
    near_day_not_after: Phrases = ()
    """Words after which a near day's name is a part of the day."""
    near_day_after_weekday: Phrases = ()
    """Near days that are a part of the day after a weekday (“Dienstag morgen”)."""
    compound_weekday_patterns: tuple[str, ...] = ()
    """Words that are a weekday with a part of the day; the first group is the weekday."""
    spelling_variants: Mapping[str, str] = field(default_factory=dict)
    correctable_near_days: Phrases = ()
    """Near days that are recognized with a typo."""
    days_in_words: Mapping[str, int] = field(default_factory=dict)
    """Days of a month in words, beside its name (“the first of January”)."""
    months_in_words: Mapping[str, int] = field(default_factory=dict)
    """Ordinals that are a month behind a day (“am fünften zwölften”)."""
    named_days: Mapping[str, str] = field(default_factory=dict)
    """Days with a name, and what they are in digits."""
    seasons: Mapping[str, str] = field(default_factory=dict)
    """Days whose name is also a season's: their day in a short answer (“at Christmas”)."""
    not_named_before: tuple[str, ...] = ()
    not_named_behind: tuple[str, ...] = ()
    """Patterns before or behind such a name by which it is no day (“the week of Christmas”)."""
    movable_days: Phrases = ()
    """Days with a name that are another date each year (“Good Friday”): the date is asked for."""
    week_numbers: Phrases = ()
    """Words before the number of a week of the year (“week 50”)."""
    vague_days: Phrases = ()
    """Phrases for several days, of which one is asked for (“the weekend”)."""
    start_words: Words = frozenset()
    """Limits that are a first day (“from”)."""
    start_question_words: Words = frozenset()
    """Words of a question for a first day."""
    end_question_words: Words = frozenset()
    """Words of a question for a last day."""
    start_verbs: Words = frozenset()
    end_verbs: Words = frozenset()
    """Verbs by which something is fetched on a first day, and given back on a last one."""
    day_part_leads: Phrases = ()
    """Words between a day of the month and a part of the day, not of an hour (“sábado 12 por la tarde”)."""
    day_shifts: Phrases = ()
    """Phrases that count from a day that is named elsewhere (“the day before”)."""
    bounds_behind: Phrases = ()
    """Phrases behind a day or a time that make it a limit (“at the earliest”)."""
    ordinals: Words = frozenset()
    """Words and endings before a day that select one of several (“the second Tuesday of January”)."""
