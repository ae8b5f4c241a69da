"""German words of dates."""

from __future__ import annotations

from typing import Final

from flows.locales.date_words import DateWords
from flows.locales.folding import alternatives, fold_keys, number_words, phrases, words

_SHORT_WEEKDAYS = number_words("mo di mi do fr sa so")

WEEKDAY_PATTERN: Final = r"(?:(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch)"

_SMALL = number_words("erst zweit dritt viert fünft sechst siebt acht neunt zehnt elft zwölft", 1)
_TEENS = number_words("dreizehnt vierzehnt fünfzehnt sechzehnt siebzehnt achtzehnt neunzehnt", 13)
_UNITS = number_words("ein zwei drei vier fünf sechs sieben acht neun", 1)
_STEMS = {
    **_SMALL,
    "siebent": 7,
    **_TEENS,
    "zwanzigst": 20,
    **{f"{name}undzwanzigst": 20 + number for name, number in _UNITS.items()},
    "dreissigst": 30,
    "einunddreissigst": 31,
}

_DAYS_IN_WORDS = {
    f"{stem}{ending}": number for stem, number in _STEMS.items() for ending in ("e", "en", "er")
}

_NAMED_DAYS = fold_keys(
    {
        "erster weihnachtstag": "25. dezember",
        "ersten weihnachtstag": "25. dezember",
        "zweiter weihnachtstag": "26. dezember",
        "zweiten weihnachtstag": "26. dezember",
        "halloween": "31. oktober",
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

DATES: Final = DateWords(
    months=alternatives(
        "januar jänner jan, februar feb, märz mar, april apr, mai, juni jun, juli jul, august aug, "
        "september sept sep, oktober okt, november nov, dezember dez"
    ),
    weekdays=alternatives("montag, dienstag, mittwoch, donnerstag, freitag, samstag sonnabend, sonntag"),
    short_weekdays=_SHORT_WEEKDAYS,
    short_weekday_patterns=(
        rf"(?:(?<= am )|(?<=^ )(?!so ))(?P<short>{'|'.join(_SHORT_WEEKDAYS)})(?= (?:$|; ))",
    ),
    near_days={
        "heute": 0,
        "heut": 0,
        "morgen": 1,
        "ubermorgen": 2,
        "gestern": -1,
        "gestern abend": -1,
        "letzte nacht": -1,
        "vorgestern": -2,
        "heute morgen": 0,
    },
    month_may_come_first=False,
    dotted_dates=True,
    articles=phrases("den, der"),
    day_prepositions=phrases("am"),
    counts={
        **number_words("ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf", 1),
        "vierzehn": 14,
        "funfzehn": 15,
        "zwanzig": 20,
        "dreissig": 30,
        "einem": 1,
        "einen": 1,
        "einer": 1,
        "eine": 1,
    },
    day_unit_patterns=(r"tage?n?",),
    week_unit_patterns=(r"wochen?",),
    month_unit_patterns=(r"monat(?:en?|s)?",),
    year_unit_patterns=(r"jahr(?:en?|es)?",),
    next_month=phrases(
        "nächsten monat, nächsten monats, kommenden monat, kommenden monats, des nächsten monats, im "
        "nächsten "
        "monat, nächster monat"
    ),
    this_month=phrases("diesen monat, dieses monats, in diesem monat, diesen monats"),
    in_words=phrases("in"),
    after_words=phrases("nach, ab"),
    now_words=phrases("jetzt"),
    next_week=phrases("nächste woche, kommende woche"),
    this_words=phrases("diesen"),
    bound_words=phrases("vor, nach, ab, bis, spätestens, frühestens"),
    approximate_words=phrases("um, rund um, gegen, etwa, ungefähr, circa, ca, woche vom, woche ab, woche um"),
    bound_articles=phrases("am, dem, den, zum"),
    recurrence_words=phrases("jeden, jeder, immer"),
    contrast_words=phrases("sondern, aber"),
    ago_before_words=phrases("vor"),
    bare_day_patterns=(r"(?:am|den|dem|der|vom|zum) (?P<number>\d{1,2}) [.;]",),
    day_of_month_patterns=(
        r"(?:den |der )?(?P<number>\d{1,2})(?:te[nr]?| ;)",
        r"(?:den|der) (?P<number>\d{1,2})",
    ),
    last_before_words=phrases("letzten, vergangenen"),
    near_day_not_after=phrases("am"),
    near_day_after_weekday=phrases("morgen"),
    compound_weekday_patterns=(rf"({WEEKDAY_PATTERN})(?:morgen|(?:vor|nach)?mittag|abend|fruh)",),
    correctable_near_days=phrases("übermorgen"),
    not_named_before=(
        r"\b(?:uber|wahrend|um|rund um|gegen|zwischen) (?:die )?$",
        r"\bzwischen (?:\w+ ){1,2}und $",
        r"\b(?:woche|zeit|tage|ferien|urlaub) (?:um|an|uber|zu|von) (?:die )?$",
    ),
    not_named_behind=(r" (?:und|bis) (?:neujahr|silvester)",),
    movable_days=phrases(
        "rosenmontag, karfreitag, gründonnerstag, ostermontag, ostersonntag, pfingstmontag, pfingstsonntag, "
        "fronleichnam, himmelfahrt, advent"
    ),
    week_numbers=phrases("kw, woche, kalenderwoche"),
    vague_days=phrases(
        "ende des monats, monatsende, anfang des monats, monatsanfang, mitte des monats, monaten, "
        "nächste woche, diese woche, kommende woche, wochenende, weihnachten, ostern, "
        "pfingsten, nächsten monat"
    ),
    start_words=words("ab seit"),
    start_question_words=words(
        "ab erste ersten erster beginn beginnen anfang anfangen start starten anreise seit"
    ),
    start_verbs=words("hole holen holt abholen"),
    end_verbs=words("bringe bringen bringt gebe geben gibt zurückbringen zurückgeben"),
    end_question_words=words(
        "zurück rückkehr rückgabe rückreise ende enden bis abreise abreisen letzter letzten"
    ),
    day_shifts=phrases(
        "tag davor, tag danach, tag vorher, tag zuvor, am tag vor, am tag "
        "nach, tage davor, tage vorher, tage danach, am vortag, abend davor, abend "
        "vorher, woche davor, woche danach, am nächsten tag, am folgetag"
    ),
    days_in_words=_DAYS_IN_WORDS,
    months_in_words={name: number for name, number in _DAYS_IN_WORDS.items() if number <= 12},
    named_days=_NAMED_DAYS,
    seasons={"weihnachten": "25. dezember"},
    bounds_behind=phrases("frühestens, spätestens, aufwärts"),
    ordinals=words(
        "erste ersten erster erstes zweite zweiten zweiter dritte dritten dritter vierte vierten vierter "
        "fünfte letzte letzten letzter letztes vorletzte vorletzten"
    ),
)
