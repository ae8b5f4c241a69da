"""A pack's words of numbers: amounts and what is counted, units, ages, positions in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.locales.folding import Phrases, Words


@dataclass(frozen=True, slots=True, eq=False)
class NumberWords:
    """Words of amounts and of positions in a list."""

    text2num_code: str
    """The language's code in the text2num library; empty where it has none, then `by_name` alone is used."""
    by_name: Mapping[str, int]
    """0 to 20 and the tens up to 90."""
    positions: Mapping[str, int]
    """Numbers and ordinals that name a choice, 1 to 12."""
    scales: Mapping[str, int]
    """Words that multiply digits before them (“3 thousand”)."""
    decimal_comma: bool
    decimal_words: Words
    minus: Words
    choice_words: Words
    """Words before the number of a choice (“option two”)."""
    choice_abbreviations: Words = frozenset()
    choice_pronouns: Words = frozenset()
    """Words after an ordinal (“the second one”)."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """Patterns of parts of folded number words, and how text2num expects them."""
    not_alone: Words = frozenset()
    """Words that are part of a number, but alone an article or no exact amount."""
    half_numbers: Mapping[str, float] = field(default_factory=dict)
    """Words for a number and a half (“anderthalb”)."""
    half_phrases: Phrases = ()
    """Phrases that add a half (“and a half”)."""
    half_words: Words = frozenset()
    """Words before an amount that make it another one (“half a million”)."""
    pronoun_ones: Words = frozenset()
    """Words for 1 that are a pronoun after `not_before_one` and before `not_after_one`."""
    not_before_one: Words = frozenset()
    not_after_one: Words = frozenset()
    conclusions: Phrases = ()
    """Words before a number that sums up those before it (“two and one, so 3”)."""
    limit_words: Words = frozenset()
    """Words of a question for the most that somebody wants (“the most you want to spend”)."""
    upper_bounds: Phrases = ()
    """Phrases around a number that is the most (“no more than”): a value where the most is asked for."""
    numbered_nouns: Words = frozenset()
    """Nouns before a number that only names which one is meant (“table 4”)."""
    but_words: Words = frozenset()
    """Words behind which a number may be taken from the one before (“nine, but 3 have their own”)."""
    setting_words: Words = frozenset()
    """Words by which a number alone is put in the place of the known one (“make it 135”)."""
    amount_modifiers_before: Phrases = ()
    """Words that make the amount after them another one (“at least 3”)."""
    amount_modifiers_after: Phrases = ()
    """Words that make the amount before them another one (“3 more”)."""
    approximations: Phrases = ()
    """Words of an amount that is not exact (“about”), which is enough where the question has one of them."""
    addition_words: Words = frozenset()
    """Words that add to what there is (“2 more days”)."""
    amount_multipliers: Mapping[str, int] = field(default_factory=dict)
    """Words for a number of things that count as a unit (“dozen”)."""
    half_units: Words = frozenset()
    """Words before such a unit that halve it (“half a dozen”)."""
    minutes_in_words: Mapping[str, int] = field(default_factory=dict)
    """Durations in words, in minutes (“half an hour”)."""
    ranked_nouns: Words = frozenset()
    """Nouns that an ordinal numbers (“third floor”)."""
    ground_words: Phrases = ()
    """Names of the floor with the number 0."""
    both_phrases: Phrases = ()
    """Phrases for both, whose number counts nothing (“between the two of us”)."""
    people_words: Words = frozenset()
    """Words of a question for a number of people."""
    people_counts: Phrases = ()
    """Patterns around a number of people, `#` for the number (“table for #”)."""
    count_alone: Mapping[str, int] = field(default_factory=dict)
    """Words and phrases that are a number of people (“zu zweit”)."""
    count_phrases: Phrases = ()
    """Phrases of a question for a number of things (“how many”)."""
    age_words: Words = frozenset()
    """Words of a question for an age."""
    age_changes: Phrases = ()
    """Verbs of an age that is not reached yet (“turns 9 in March”)."""
    last_phrases: Phrases = ()
    next_to_last_phrases: Phrases = ()
    """Words for the last choice of a list, and for the one before it."""
    having_words: Words = frozenset()
    """Verbs by which a number counts something and chooses nothing of a list (“I have two”)."""
    age_verbs: Words = frozenset()
    """Verbs before an age (“my daughter *is* 3”)."""
    child_words: Words = frozenset()
    """Words for children, who are counted apart from adults."""
    age_units: Words = frozenset()
    """Units of an age."""
    unit_words: Words = frozenset()
    """Units of time, money and distance, which are counted only where they are asked for."""
    piece_words: Words = frozenset()
    """Nouns for one of anything that is counted (“3 pieces”)."""
    container_words: Words = frozenset()
    """Nouns for several of it, whose number says nothing about how many there are (“3 boxes of shirts”)."""
    unit_abbreviations: Mapping[str, str] = field(default_factory=dict)
    """Short forms of units (“km”), and the beginning of the noun that they stand for."""
    per_words: Phrases = ()
    """Words between a count and the unit of time in which it happens so often (“once a week”)."""
    money_words: Words = frozenset()
    """Those of `unit_words` that are money."""
    money_questions: Words = frozenset()
    """Words of a question for an amount of money."""
