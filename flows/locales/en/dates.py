"""English words of dates."""

from __future__ import annotations

from typing import Final

from flows.locales.date_words import DateWords
from flows.locales.en.numbers import ONE_TO_TWELVE
from flows.locales.folding import alternatives, number_words, phrases, words

_SHORT_WEEKDAYS = {
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5,
    "sun": 6,
}  # fmt: skip

_ALONE_PATTERN = r"(?=\w+ (?:$|; |morning |afternoon |evening |please ))"

_ORDINALS = number_words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
    1,
)
_UNITS = {name: number for name, number in _ORDINALS.items() if number < 10}

_DAYS_IN_WORDS = {
    **_ORDINALS,
    **{f"twenty{mark}{name}": 20 + number for name, number in _UNITS.items() for mark in "- "},
    "thirtieth": 30,
    "thirty-first": 31,
    "thirty first": 31,
}

_NAMED_DAYS = {
    "christmas eve": "24 december",
    "xmas eve": "24 december",
    "christmas day": "25 december",
    "xmas day": "25 december",
    "halloween": "31 october",
    "boxing day": "26 december",
    "new year's eve": "31 december",
    "new years eve": "31 december",
    "new year's day": "1 january",
    "new years day": "1 january",
    "valentine's day": "14 february",
    "valentines day": "14 february",
}

DATES: Final = DateWords(
    months=alternatives(
        "january jan, february feb, march mar, april apr, may, june jun, july jul, august aug, "
        "september sept sep, october oct, november nov, december dec"
    ),
    weekdays=alternatives("monday, tuesday, wednesday, thursday, friday, saturday, sunday"),
    short_weekdays=_SHORT_WEEKDAYS,
    short_weekday_patterns=(
        rf"(?:(?<= on )|(?<= next )|(?<= this )|(?<=^ ){_ALONE_PATTERN}|(?<=; ){_ALONE_PATTERN})"
        rf"(?P<short>{'|'.join(_SHORT_WEEKDAYS)})(?= )",
    ),
    near_days={
        "today": 0,
        "tonight": 0,
        "tomorrow": 1,
        "overmorrow": 2,
        "yesterday": -1,
        "last night": -1,
        "day before yesterday": -2,
        "the day before yesterday": -2,
        "day after tomorrow": 2,
        "in a fortnight": 14,
        "in a fortnight's time": 14,
        "a fortnight from now": 14,
        "a fortnight from today": 14,
        "a fortnight today": 14,
        "the day after tomorrow": 2,
    },
    month_may_come_first=True,
    dotted_dates=False,
    articles=phrases("the"),
    day_prepositions=phrases("on"),
    counts={**ONE_TO_TWELVE, "a": 1, "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30},
    day_unit_patterns=(r"days?",),
    week_unit_patterns=(r"weeks?",),
    month_unit_patterns=(r"months?(?: time|'s time)?",),
    year_unit_patterns=(r"years?",),
    next_month=phrases("next month, of next month"),
    this_month=phrases("this month, of this month"),
    in_words=phrases("in"),
    after_words=phrases("from, after"),
    now_words=phrases("now"),
    next_week=phrases("next week"),
    this_words=phrases("this"),
    bound_words=phrases("before, after, by, until, till, from, since, than"),
    approximate_words=phrases(
        "around, roughly, approximately, circa, week of, week from, week beginning, week commencing"
    ),
    bound_articles=phrases("the, on"),
    recurrence_words=phrases("every, each, any, most"),
    contrast_words=phrases("but, instead, rather"),
    ago_after_words=phrases("ago"),
    bare_day_patterns=(r"(?:the )?(?P<number>\d{1,2})(?:st|nd|rd|th)",),
    last_before_words=phrases("last, past"),
    particles=phrases("of"),
    ordinal_suffixes=phrases("st, nd, rd, th"),
    not_after_month=phrases("i, we, it"),
    weeks_after_weekday=phrases("week"),
    day_of_month_patterns=(r"(?:the )?(?P<number>\d{1,2})(?:st|nd|rd|th)",),
    spelling_variants=dict.fromkeys(
        ("tmrw", "tmr", "tmw", "tomoz", "2moro", "2morrow", "tomoro"), "tomorrow"
    ),
    correctable_near_days=phrases("tomorrow"),
    not_named_before=(
        r"\b(?:over|during|around|about|between) (?:the )?$",
        r"\bbetween (?:\w+ ){1,2}and $",
        r"(?:week|weeks|weekend|holidays?|break|time|season|days|period) (?:of|at|around|over"
        r"|between) (?:the )?$",
    ),
    not_named_behind=(
        r"(?: |-)(?:week|weekend|holidays?|break|time|season|party|market|shopping|dinner|lunch|period"
        r"|present|gift)",
    ),
    movable_days=phrases(
        "good friday, black friday, cyber monday, ash wednesday, shrove tuesday, palm sunday, easter sunday, "
        "easter monday, whit monday, thanksgiving"
    ),
    week_numbers=phrases("week, wk, kw"),
    vague_days=phrases(
        "end of the month, end of month, month end, start of the month, beginning of the month, "
        "months, new year, next week, this week, the weekend, next weekend, christmas, xmas, "
        "easter, next month"
    ),
    start_words=words("from since"),
    start_question_words=words("from first start starting begin beginning arrival arrive since"),
    start_verbs=words("pick picking collect collecting fetch fetching get getting"),
    end_verbs=words("bring bringing give giving drop dropping hand handing"),
    end_question_words=words(
        "back return returning end ending until till leave leaving departure last checkout"
    ),
    day_shifts=phrases(
        "the day before, the day after, a day before, a day after, one "
        "day before, one day after, days before, days after, the next day, the week before, the "
        "week after, the night before, the evening before, the following day, the previous day"
    ),
    days_in_words=_DAYS_IN_WORDS,
    named_days=_NAMED_DAYS,
    seasons={"christmas": "25 december", "xmas": "25 december"},
    bounds_behind=phrases(
        "at the earliest, at the latest, at earliest, at latest, onwards, onward, latest, earliest"
    ),
    ordinals=words("first second third fourth fifth last 1st 2nd 3rd 4th 5th penultimate other"),
)
