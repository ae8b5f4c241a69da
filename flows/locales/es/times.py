"""Spanish words of times of day."""

from __future__ import annotations

from typing import Final

from flows.locales.es.numbers import ONE_TO_TWELVE
from flows.locales.folding import phrases
from flows.locales.time_words import TimeWords

TIMES: Final = TimeWords(
    hours={**ONE_TO_TWELVE, "una": 1},
    minutes={
        "cuarto": 15, "media": 30, "cinco": 5, "diez": 10, "quince": 15, "veinte": 20, "veinticinco": 25,
        "treinta": 30, "cuarenta": 40, "cincuenta": 50,
    },
    prepositions=phrases("a las, a la, las"),
    approximate_prepositions=phrases("sobre las, hacia las, alrededor de las, a eso de las, como a las"),
    clock_24h_patterns=(r"hrs?", r"h"),
    clock_12h_patterns=(r"en punto",),
    plus_words=phrases("y, con"),
    minus_words=phrases("menos"),
    to_words=phrases("para las, para la"),
    minutes_first_articles=phrases("un, faltan, falta"),
    spoken_minutes=phrases("quince, veinte, treinta, cuarenta, cincuenta"),
    spoken_five_patterns=(r"\s+y\s+cinco",),
    hour_minute_separators=phrases("horas"),
    range_leads=phrases("entre las, entre la, entre, de las, desde las, de"),
    range_links=phrases("a, al, hasta, y, o"),
    choice_links=phrases("y, o"),
    second_time_prefixes=phrases("las, la, a las, a la"),
    bare_hour_prefixes=phrases("la, mejor"),
    negated_prepositions=phrases("antes de las, después de las"),
    hour_units=phrases("horas, hs"),
    noon_patterns=(r"(?:al? )?mediodia",),
    midnight_patterns=(r"(?:a )?medianoche",),
    day_periods={
        "early": (
            r"(?:de|por|en) la manana", r"esta manana", r"(?:de|por) la madrugada", r"de madrugada",
        ),
        "late": (r"(?:(?:de|por|en) la|esta) tarde",),
        "evening_or_night": (r"(?:(?:de|por|en) la|esta) noche",),
        "noon": (r"del mediodia",),
    },
    answer_prefixes=phrases("sí, a, por"),
    hour_answer="a las {hour} {period}",
    period_answers={
        "manana": "de la mañana", "la manana": "de la mañana", "tarde": "de la tarde",
        "la tarde": "de la tarde", "noche": "de la noche", "la noche": "de la noche",
    },
    not_after_hour_patterns=(
        r"personas?\b", r"euros?\b", r"pesos?\b", r"dolares\b", r"horas? (?:de|y media)\b", r"minutos?\b",
        r"dias?\b", r"semanas?\b", r"anos?\b", r"veces\b",
    ),
    counted_noun_prefixes=phrases("persona, euro, peso, minuto"),
)  # fmt: skip
