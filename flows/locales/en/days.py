"""English days of a month in words, and days with a name."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import numbered

_ORDINALS = numbered(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
    1,
)
_UNITS = {name: number for name, number in _ORDINALS.items() if number < 10}

DAYS_IN_WORDS: Final = {
    **_ORDINALS,
    **{f"twenty{mark}{name}": 20 + number for name, number in _UNITS.items() for mark in "- "},
    "thirtieth": 30,
    "thirty-first": 31,
    "thirty first": 31,
}

NAMED_DAYS: Final = {
    "christmas eve": "24 december",
    "christmas day": "25 december",
    "boxing day": "26 december",
    "new year's eve": "31 december",
    "new years eve": "31 december",
    "new year's day": "1 january",
    "new years day": "1 january",
    "valentine's day": "14 february",
    "valentines day": "14 february",
}
