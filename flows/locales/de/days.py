"""German days of a month in words, and days with a name."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import fold_keys, numbered

_SMALL = numbered("erst zweit dritt viert fünft sechst siebt acht neunt zehnt elft zwölft", 1)
_TEENS = numbered("dreizehnt vierzehnt fünfzehnt sechzehnt siebzehnt achtzehnt neunzehnt", 13)
_UNITS = numbered("ein zwei drei vier fünf sechs sieben acht neun", 1)
_STEMS = {
    **_SMALL,
    "siebent": 7,
    **_TEENS,
    "zwanzigst": 20,
    **{f"{name}undzwanzigst": 20 + number for name, number in _UNITS.items()},
    "dreissigst": 30,
    "einunddreissigst": 31,
}

DAYS_IN_WORDS: Final = {
    f"{stem}{ending}": number for stem, number in _STEMS.items() for ending in ("e", "en", "er")
}

NAMED_DAYS: Final = fold_keys(
    {
        "heiligabend": "24. dezember",
        "heilig abend": "24. dezember",
        "heiligen abend": "24. dezember",
        "1. weihnachtsfeiertag": "25. dezember",
        "1. weihnachtstag": "25. dezember",
        "erster weihnachtsfeiertag": "25. dezember",
        "ersten weihnachtsfeiertag": "25. dezember",
        "2. weihnachtsfeiertag": "26. dezember",
        "2. weihnachtstag": "26. dezember",
        "zweiter weihnachtsfeiertag": "26. dezember",
        "zweiten weihnachtsfeiertag": "26. dezember",
        "silvester": "31. dezember",
        "sylvester": "31. dezember",
        "neujahr": "1. januar",
        "nikolaus": "6. dezember",
        "nikolaustag": "6. dezember",
    }
)
