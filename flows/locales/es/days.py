"""Spanish days of a month in words, and days with a name."""

from __future__ import annotations

from typing import Final

from flows.locales.lexicon import fold_keys, numbered

_NUMBERS = numbered(
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis "
    "veintisiete veintiocho veintinueve treinta",
    1,
)

DAYS_IN_WORDS: Final = {**_NUMBERS, "primero": 1, "treinta y uno": 31}

NAMED_DAYS: Final = fold_keys(
    {
        "nochebuena": "24 de diciembre",
        "el día de navidad": "el 25 de diciembre",
        "nochevieja": "31 de diciembre",
        "el día de año nuevo": "el 1 de enero",
        "el día de reyes": "el 6 de enero",
    }
)
