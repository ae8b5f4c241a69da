"""German words of times of day."""

from __future__ import annotations

from typing import Final

from flows.locales.de.dates import WEEKDAY_PATTERN
from flows.locales.folding import number_words, phrases, words
from flows.locales.time_words import TimeWords

_UNITS: Final = "eins zwei drei vier fünf sechs sieben acht neun"
_TENS: Final = "zwanzig dreissig vierzig fünfzig"
_CLOCK_MINUTES: Final = {
    **number_words(
        f"{_UNITS} zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn", 1
    ),
    **{ten: 10 * at for ten, at in number_words(_TENS, 2).items()},
    **{
        f"{unit.removesuffix('s') if value == 1 else unit}und{ten}": 10 * at + value
        for ten, at in number_words(_TENS, 2).items()
        for unit, value in number_words(_UNITS, 1).items()
    },
}

TIMES: Final = TimeWords(
    hours={
        **number_words(
            "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn "
            "vierzehn fünfzehn sechzehn "
            "siebzehn achtzehn neunzehn zwanzig einundzwanzig zweiundzwanzig dreiundzwanzig",
            1,
        ),
        "ein": 1,
        "null": 0,
    },
    minutes={"viertel": 15, "dreissig": 30, "zwanzig": 20, "zehn": 10, "funf": 5},
    prepositions=phrases("um"),
    approximate_prepositions=phrases("gegen"),
    clock_24h_patterns=(r"uhr", r"h"),
    article_hours=words("ein null"),
    past_words=phrases("nach"),
    to_words=phrases("vor"),
    minute_unit_patterns=(r"min(?:ute)?n?",),
    fractions={"halb": 30, "dreiviertel": 15, "viertel": 0},
    hour_minute_separators=phrases("uhr"),
    clock_minutes=_CLOCK_MINUTES,
    range_leads=phrases("zwischen, von"),
    range_links=phrases("bis, und, oder"),
    choice_links=phrases("und, oder"),
    second_time_prefixes=phrases("um"),
    negated_prepositions=phrases("vor, nach"),
    noon_patterns=(r"mittags?",),
    midnight_patterns=(r"mitternachts?",),
    noon_period_prefixes=phrases("mittag"),
    day_periods={
        "early": (r"morgens", r"vormittags?", r"(?:in der )?fruh", r"am (?:morgen|vormittag)"),
        "late": (r"nachmittags?", r"abends?", r"am (?:nachmittag|abend)"),
        "night": (r"nachts", r"in der nacht"),
        "noon": (r"mittags",),
    },
    answer_prefixes=phrases("ja, am, um"),
    hour_answer="um {hour} {period}",
    period_answers={"morgen": "morgens"},
    not_after_hour_patterns=(
        r"personen\b", r"leute\b", r"euros?\b", r"stunden?\b", r"minuten?\b", r"tagen?\b", r"wochen?\b",
    ),
    counted_noun_prefixes=phrases("person, leute, gast, gäste, euro, minute, stunde"),
    meridiem_exception_patterns=(
        rf"{WEEKDAY_PATTERN}", r"sonnabend", r"\d", r"tag\b", r"(?:vor|nach)mittag", r"morgen", r"abend",
    ),
)  # fmt: skip
