"""Spelling correction of day names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import OSA

from flows.locales import Lexicon
from flows.nlu.words.patterns import any_pattern


@dataclass(frozen=True, slots=True, eq=False)
class DayNames:
    """A language's names of days, for lookup."""

    weekdays: Mapping[str, int]
    """Monday is 0."""
    correctable: tuple[str, ...]
    spelling_variants: Mapping[str, str]
    compound: re.Pattern[str]


@cache
def day_names(lexicon: Lexicon) -> DayNames:
    """Return the day names of a lexicon."""
    words = lexicon.dates
    weekdays = {name: number for number, names in enumerate(words.weekdays) for name in names}
    return DayNames(
        weekdays=weekdays,
        correctable=(*weekdays, *words.correctable_near_days),
        spelling_variants=words.spelling_variants,
        compound=re.compile(any_pattern(words.compound_weekday_patterns)),
    )


def correct_weekday_spelling(token: str, names: DayNames) -> str:
    """Return a folded word, the day that it misspells, or a semicolon for a single punctuation mark."""
    token = token.removesuffix("'s")
    if len(token) == 1 and not token.isalnum():
        return ";"
    if compound := names.compound.fullmatch(token):  # “Freitagabend”
        return next(group for group in compound.groups() if group)
    if len(token) < 5 or token in names.weekdays or token.removesuffix("s") in names.weekdays:
        return names.spelling_variants.get(token, token)
    near = [name for name in names.correctable if name[0] == token[0] and _is_misspelling(token, name)]
    return near[0] if len(near) == 1 else names.spelling_variants.get(token, token)


def _is_misspelling(token: str, name: str) -> bool:
    allowed = 2 if len(name) >= 8 else 1
    return OSA.distance(token, name, score_cutoff=allowed) <= allowed
