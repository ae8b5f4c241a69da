"""English words of times of day."""

from __future__ import annotations

from typing import Final

from flows.locales.en.numbers import ONE_TO_TWELVE
from flows.locales.folding import phrases, words
from flows.locales.time_words import TimeWords

TIMES: Final = TimeWords(
    hours=ONE_TO_TWELVE,
    minutes={
        "quarter": 15, "half": 30, "fifteen": 15, "thirty": 30, "fourty": 40, "forty": 40, "fifty": 50,
        "twenty": 20, "ten": 10, "five": 5,
    },
    prepositions=phrases("at"),
    approximate_prepositions=phrases("around, about"),
    clock_24h_patterns=(r"h",),
    clock_12h_patterns=(r"o'?\s?clock",),
    past_words=phrases("past, after"),
    to_words=phrases("to, till, before"),
    range_to_words=phrases("to, till"),
    minutes_first_articles=phrases("a"),
    minute_unit_patterns=(r"min(?:ute)?s?",),
    fractions={"half": 0},
    spoken_minutes=phrases("thirty, fifteen, forty, fifty, twenty, ten"),
    spoken_five_patterns=(r"[ -]five",),
    range_leads=phrases("between, from"),
    range_links=phrases("to, till, until, and, or"),
    choice_links=phrases("and, or"),
    second_time_prefixes=phrases("at"),
    bound_words=phrases("past"),
    negated_prepositions=phrases("before, after"),
    bare_hour_prefixes=phrases("make it, so"),
    hour_units=phrases("hours, hrs"),
    noon_patterns=(r"noon", r"midday"),
    midnight_patterns=(r"midnight",),
    day_periods={
        "early": (r"(?:in the |this )?mornings?",),
        "late": (r"(?:in the |this )?(?:afternoon|evening)s?", r"tonight"),
        "night": (r"at night",),
    },
    vague_day_periods=words("morning mornings afternoon afternoons evening evenings"),
    answer_prefixes=phrases("yes, the, in the"),
    hour_answer="at {hour} {period}",
    not_after_hour_patterns=(
        r"people\b", r"persons?\b", r"guests?\b", r"euros?\b", r"dollars?\b", r"hours?\b", r"minutes?\b",
        r"mins?\b", r"days?\b", r"weeks?\b", r"of\b", r"point\b", r"least\b", r"once\b",
    ),
    counted_noun_prefixes=phrases("person, people, euro, minute"),
)  # fmt: skip
