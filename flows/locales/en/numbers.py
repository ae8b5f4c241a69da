"""English words of numbers and of what is counted."""

from __future__ import annotations

from typing import Final

from flows.locales.folding import number_words, phrases, words
from flows.locales.number_words import NumberWords

_SMALL_NUMBERS = number_words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)

ONE_TO_TWELVE: Final = {name: number for name, number in _SMALL_NUMBERS.items() if 1 <= number <= 12}

NUMBERS: Final = NumberWords(
    text2num_code="en",
    by_name={**_SMALL_NUMBERS, **number_words("thirty forty fifty sixty seventy eighty ninety", 30, 10)},
    positions={
        **ONE_TO_TWELVE,
        **number_words(
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth", 1
        ),
    },
    scales={"hundred": 100, "thousand": 1_000, "million": 1_000_000},
    decimal_comma=False,
    decimal_words=words("point"),
    minus=words("minus negative"),
    choice_words=words("option number choice"),
    choice_abbreviations=words("no"),
    choice_pronouns=words("one"),
    not_alone=words(
        "o os ones twos threes fours fives sixes sevens eights nines tens twenties thirties forties fifties "
        "sixties seventies eighties nineties hundreds thousands millions billions"
    ),
    half_phrases=phrases("and a half"),
    half_words=words("half"),
    pronoun_ones=words("one"),
    not_before_one=words("this that the other another which each no any every last first second third next"),
    not_after_one=words("moment second sec day of"),
    conclusions=phrases("so, so that's, makes, that makes, altogether, all in all, in total, total"),
    limit_words=words("most maximum max limit"),
    upper_bounds=phrases("no more than, not more than, up to, at most, at the most, maximum, max, tops"),
    numbered_nouns=words(
        "table tables room year class grade line bus tram platform gate page version number level"
    ),
    but_words=words("but though although"),
    setting_words=words("make put set instead rather"),
    amount_modifiers_before=phrases(
        "at least, at most, up to, more than, less than, fewer than, over, under, about, around, almost, "
        "nearly, half of, half a, half, minimum, maximum, max, min, not more than, no more than, another, "
        "roughly, approximately"
    ),
    amount_modifiers_after=phrases(
        "more, less, fewer, or more, or less, or so, give or take, plus or minus, at least, at most, at "
        "minimum, at maximum, extra, "
        "and a bit, of my, of our, times as many, percent, minimum, maximum, thirds"
    ),
    approximations=phrases("about, around, roughly, approximately, approx, more or less, or so, some"),
    addition_words=words("more extra another additional further"),
    amount_multipliers={"dozen": 12, "dozens": 12, "score": 20},
    half_units=words("half"),
    minutes_in_words={
        "half an hour": 30,
        "an hour": 60,
        "one hour": 60,
        "quarter of an hour": 15,
        "an hour and a half": 90,
    },
    ranked_nouns=words("floor storey story level row grade page line chapter lane"),
    ground_words=phrases("ground floor, ground, groundfloor"),
    both_phrases=phrases("between the two of us, the two of us together"),
    people_words=words(
        "people persons person guests guest adults party seats covers participants attendees passengers "
        "travellers visitors players drivers riders racers pilots climbers"
    ),
    people_counts=phrases(
        "for #, party of #, group of #, # of us, we are #, we're #, we'll be #, there's # of us, "
        "# are coming, "
        "# will come, # will be coming, # coming"
    ),
    count_phrases=phrases("how many, the number of, number of"),
    age_words=words("old age aged"),
    age_changes=phrases("turns, turning, will be, will turn, going to be, going on, almost, nearly"),
    last_phrases=phrases("last"),
    next_to_last_phrases=phrases("second to last, second last, next to last, last but one, penultimate"),
    having_words=words("have got had are"),
    age_verbs=words("is turns"),
    child_words=words("child children kid kids baby babies toddler toddlers infant infants"),
    age_units=words("year years yrs yo old"),
    unit_words=words(
        "minute minutes min mins hour hours hrs day days night nights week weeks month months year years "
        "euro euros dollar dollars pound pounds quid cents percent km kilometres miles times"
    ),
    piece_words=words("piece pieces pc pcs unit units item items one ones of each more copies copy"),
    container_words=words(
        "box boxes carton cartons pack packs package packages packet packets crate crates case cases pallet "
        "pallets pair pairs set sets bundle bundles bunch"
    ),
    unit_abbreviations={
        "cm": "centimet",
        "km": "kilomet",
        "kg": "kilo",
        "lbs": "pound",
        "gb": "gigabyte",
        "hrs": "hour",
        "mins": "minute",
    },
    per_words=phrases("a, per, each, every, in a"),
    money_words=words("euro euros dollar dollars pound pounds quid cents bucks"),
    money_questions=words("spend cost costs price pay budget amount worth money"),
)
