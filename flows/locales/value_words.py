"""A pack's words of values: amounts, dates and times of day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Words = frozenset[str]
Phrases = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class NumberWords:
    """Words of amounts and of positions in a list."""

    text2num_code: str
    """The language's code in the text2num library; empty where it has none, then `by_name` alone is used."""
    by_name: Mapping[str, int]
    """0 to 20 and the tens up to 90."""
    positions: Mapping[str, int]
    """Numbers and ordinals that name a choice, 1 to 12."""
    scales: Mapping[str, int]
    """Words that multiply digits before them (“3 thousand”)."""
    decimal_comma: bool
    decimal_words: Words
    minus: Words
    choice_words: Words
    """Words before the number of a choice (“option two”)."""
    choice_abbreviations: Words = frozenset()
    choice_pronouns: Words = frozenset()
    """Words after an ordinal (“the second one”)."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """Patterns of parts of folded number words, and how text2num expects them."""
    not_alone: Words = frozenset()
    """Words that are part of a number, but alone an article or no exact amount."""
    half_numbers: Mapping[str, float] = field(default_factory=dict)
    """Words for a number and a half (“anderthalb”)."""
    half_phrases: Phrases = ()
    """Phrases that add a half (“and a half”)."""
    half_words: Words = frozenset()
    """Words before an amount that make it another one (“half a million”)."""
    pronoun_ones: Words = frozenset()
    """Words for 1 that are a pronoun after `not_before_one` and before `not_after_one`."""
    not_before_one: Words = frozenset()
    not_after_one: Words = frozenset()


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
    in_words: Phrases
    """Words before a duration that lies ahead (“in two weeks”)."""
    after_words: Phrases
    """Words between a duration and the day it is counted from."""
    now_words: Phrases
    next_week: Phrases
    this_words: Phrases
    bound_words: Phrases
    """Words that make a day or a time a limit (“after Friday”)."""
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
    named_days: Mapping[str, str] = field(default_factory=dict)
    """Days with a name, and what they are in digits."""
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


@dataclass(frozen=True, slots=True, eq=False)
class TimeWords:
    """Words of times of day."""

    hours: Mapping[str, int]
    minutes: Mapping[str, int]
    prepositions: Phrases
    """Words before a time (“at 3”)."""
    approximate_prepositions: Phrases
    clock_24h_patterns: tuple[str, ...]
    """Words after an hour that make it an hour of 24."""
    range_leads: Phrases
    range_links: Phrases
    choice_links: Phrases
    """Words between two times of which one is to be chosen."""
    noon_patterns: tuple[str, ...]
    midnight_patterns: tuple[str, ...]
    day_periods: Mapping[str, tuple[str, ...]]
    """Patterns by kind: `early`, `late`, `night`, `noon`, and `evening_or_night` where one word is both."""
    answer_prefixes: Phrases
    """Words before a part of the day that is the complete answer (“in the afternoon”)."""
    hour_answer: str
    """The time that such an answer makes: `{hour}` as asked about, `{period}` as answered."""
    not_after_hour_patterns: tuple[str, ...]
    """Patterns of what follows a number that is not an hour."""
    counted_noun_prefixes: Phrases
    """Beginnings of nouns after a number with a fraction that is no time (“9.30 euros”)."""
    clock_12h_patterns: tuple[str, ...] = ()
    article_hours: Words = frozenset()
    """Hours that are articles without a clock word."""
    past_words: Phrases = ()
    """Words between minutes and the hour they follow (“ten past six”)."""
    to_words: Phrases = ()
    range_to_words: Phrases = ()
    """Those of `to_words` that may be a range (“ten to six”)."""
    minutes_first_articles: Phrases = ()
    minute_unit_patterns: tuple[str, ...] = ()
    fractions: Mapping[str, int] = field(default_factory=dict)
    """Words before an hour, and the minutes that are missing to it; 0 where regions disagree."""
    plus_words: Phrases = ()
    """Words between an hour and the minutes added to it (“seis y media”)."""
    minus_words: Phrases = ()
    spoken_minutes: Phrases = ()
    """Minutes that follow an hour directly (“six thirty”)."""
    spoken_five_patterns: tuple[str, ...] = ()
    """Patterns of what adds five to them (“six forty-five”)."""
    hour_minute_separators: Phrases = ()
    second_time_prefixes: Phrases = ()
    """Words before the second time of a range."""
    bound_words: Phrases = ()
    """Limits of times alone, beside those of dates."""
    negated_prepositions: Phrases = ()
    """Words between a negation and the time it negates, beside the prepositions (“not before 5”)."""
    bare_hour_prefixes: Phrases = ()
    noon_period_prefixes: Phrases = ()
    """Beginnings of words that are noon, and after noon a part of the day (“mittags um 1”)."""
    vague_day_periods: Words = frozenset()
    """Parts of the day that do not make a number before them a time."""
    period_answers: Mapping[str, str] = field(default_factory=dict)
    """Parts of the day as an answer names them, and as they stand in a time."""
    meridiem_exception_patterns: tuple[str, ...] = ()
    """Patterns of what follows the word “am” when it is not the abbreviation."""
