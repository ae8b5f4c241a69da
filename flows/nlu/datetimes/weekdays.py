"""What days are called, and the errors that are made in writing it."""

from __future__ import annotations

import re

from rapidfuzz.distance import OSA

WEEKDAYS = {
    name: number
    for names in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    )
    for number, name in enumerate(names.split())
} | {"sonnabend": 5}
SHORT_WEEKDAYS = {
    "mon": 0,
    "tue": 1,
    "tues": 1,
    "wed": 2,
    "thu": 3,
    "thur": 3,
    "thurs": 3,
    "fri": 4,
    "sat": 5,
    "sun": 6,
}
SHORT_GERMAN_WEEKDAYS = {"mo": 0, "di": 1, "mi": 2, "do": 3, "fr": 4, "sa": 5, "so": 6}
NEAR_DAYS = {
    "today": 0, "tonight": 0, "heute": 0, "tomorrow": 1, "morgen": 1, "ubermorgen": 2, "overmorrow": 2,
    "yesterday": -1, "gestern": -1, "vorgestern": -2,
}  # fmt: skip
_SPELLING_VARIANTS = dict.fromkeys(("tmrw", "tmr", "tmw", "tomoz", "2moro", "2morrow", "tomoro"), "tomorrow")
_CORRECTABLE_NAMES = (*WEEKDAYS, "tomorrow", "ubermorgen")
_COMPOUND_WEEKDAY = re.compile(
    r"((?:mon|diens|donners|frei|sams|sonn)tag|mittwoch)(?:morgen|(?:vor|nach)?mittag|abend|fruh)"
)


def correct_weekday_spelling(token: str) -> str:
    """A folded word, or the day that it was meant to be; any other sign than a letter as a semicolon."""
    token = token.removesuffix("'s")
    if len(token) == 1 and not token.isalnum():
        return ";"
    if compound := _COMPOUND_WEEKDAY.fullmatch(token):  # “Freitagabend”
        return compound[1]
    if len(token) < 5 or token in WEEKDAYS or token.removesuffix("s") in WEEKDAYS:
        return _SPELLING_VARIANTS.get(token, token)
    near = [name for name in _CORRECTABLE_NAMES if name[0] == token[0] and _is_misspelling(token, name)]
    return near[0] if len(near) == 1 else _SPELLING_VARIANTS.get(token, token)


def _is_misspelling(token: str, name: str) -> bool:
    allowed = 2 if len(name) >= 8 else 1
    return OSA.distance(token, name, score_cutoff=allowed) <= allowed
