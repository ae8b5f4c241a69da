"""A pack's words of times of day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.locales.folding import Phrases, Words


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
    clock_minutes: Mapping[str, int] = field(default_factory=dict)
    """Minutes in words behind such a separator (“fünfzehn Uhr dreißig”)."""
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
    hour_units: Phrases = ()
    """Units behind an hour of 24 that is the complete answer (“15 horas”), and elsewhere a duration."""
    meridiem_exception_patterns: tuple[str, ...] = ()
    """Patterns of what follows the word “am” when it is not the abbreviation."""
