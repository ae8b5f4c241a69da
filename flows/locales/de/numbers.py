"""German words of numbers and of what is counted."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import number_words, phrases, words
from flows.locales.number_words import NumberWords

_SMALL_NUMBERS = number_words(
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn zwanzig"
)

NUMBERS: Final = NumberWords(
    text2num_code="de",
    by_name={
        **_SMALL_NUMBERS,
        **number_words("dreißig vierzig fünfzig sechzig siebzig achtzig neunzig", 30, 10),
    },
    positions={
        **number_words("eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf", 1),
        **number_words(
            "erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte", 1
        ),
    },
    scales={"hundert": 100, "tausend": 1_000, "millionen": 1_000_000},
    decimal_comma=True,
    decimal_words=words("komma"),
    minus=words("minus"),
    choice_words=words("option nummer"),
    choice_abbreviations=words("nr"),
    spellings={"fuenf": "fünf", "zwoelf": "zwölf", "funf": "fünf", "zwolf": "zwölf"},
    not_alone=words("ein"),
    half_numbers={"anderthalb": 1.5, "eineinhalb": 1.5, "zweieinhalb": 2.5, "dreieinhalb": 3.5},
    conclusions=phrases("also, macht, das macht, zusammen, insgesamt, alles in allem"),
    limit_words=words("höchstens maximal maximum limit"),
    upper_bounds=phrases("nicht mehr als, höchstens, maximal, bis zu, max, maximum, nicht über"),
    numbered_nouns=words(
        "tisch zimmer klasse linie bus gleis seite reihe raum kapitel version nummer jahrgang stufe"
    ),
    but_words=words("aber wobei obwohl"),
    setting_words=words("dann mach mache machen setz setze setzen nimm lieber besser doch"),
    amount_modifiers_before=phrases(
        "mindestens, höchstens, maximal, bis zu, mehr als, weniger als, über, unter, etwa, ungefähr, "
        "circa, "
        "ca, fast, rund, die hälfte von, halb, noch, weitere, nicht mehr als"
    ),
    amount_modifiers_after=phrases(
        "mehr, weniger, oder mehr, oder weniger, oder so, mindestens, höchstens, prozent, plus minus"
    ),
    approximations=phrases("etwa, ungefähr, circa, ca, rund, so um die, ungefähre, oder so, zirka, gut"),
    addition_words=words("noch weitere weiteren mehr zusätzliche zusätzlich"),
    amount_multipliers={"dutzend": 12},
    half_units=words("halbes halbe halben"),
    minutes_in_words={
        "halbe stunde": 30,
        "eine stunde": 60,
        "viertelstunde": 15,
        "dreiviertelstunde": 45,
        "anderthalb stunden": 90,
    },
    ranked_nouns=words(
        "stock stockwerk etage og obergeschoss geschoss reihe klasse seite zeile kapitel bahn"
    ),
    ground_words=phrases("erdgeschoss, eg, parterre, ebenerdig"),
    both_phrases=phrases("wir zwei zusammen, zu zweit zusammen, wir beide"),
    people_words=words(
        "personen leute gäste gästen erwachsene plätze teilnehmer fahrgäste reisende besucher spieler fahrer "
        "piloten kletterer"
    ),
    people_counts=phrases(
        "für #, zu #, wir sind #, wir sind zu #, # leute, # personen, kommen #, es kommen #, # kommen, "
        "sind wir #, # von uns, es werden #, wir werden #"
    ),
    count_alone={
        "zu zweit": 2,
        "zu dritt": 3,
        "zu viert": 4,
        "zu funft": 5,
        "zu sechst": 6,
        "zu siebt": 7,
        "zu acht": 8,
    },
    count_phrases=phrases("wie viele, wieviele, die zahl der, die anzahl der, anzahl"),
    age_words=words("alt alter"),
    age_changes=phrases("wird, werde, werden, fast, beinahe"),
    last_phrases=phrases("letzte, letzter, letztes, letzten"),
    next_to_last_phrases=phrases("vorletzte, vorletzter, vorletztes, vorletzten"),
    having_words=words("habe haben hab hatte sind"),
    age_verbs=words("ist sind wird"),
    child_words=words("kind kinder kindern baby babys kleinkind kleinkinder"),
    age_units=words("jahr jahre jahren alt"),
    unit_words=words(
        "minute minuten min stunde stunden std tag tage tagen nacht nächte nächten woche wochen monat "
        "monate monaten jahr jahre jahren euro euros cent prozent km kilometer mal"
    ),
    piece_words=words("stück stücke stk davon draus daraus einheiten exemplare"),
    container_words=words(
        "kiste kisten karton kartons packung packungen paket pakete paar palette paletten kasten kästen satz "
        "sätze bündel sets schachtel schachteln"
    ),
    unit_abbreviations={
        "cm": "zentimet",
        "km": "kilomet",
        "kg": "kilo",
        "gb": "gigabyte",
        "std": "stunde",
        "min": "minute",
        "kwh": "kilowatt",
    },
    per_words=phrases("die, pro, in der, im, je, jede, jeden"),
    money_words=words("euro euros cent"),
    money_questions=words("ausgeben kosten kostet preis zahlen bezahlen budget betrag wert geld"),
)
