"""Numbers that count or name something else than the slot: “in 5 minutes”, “table 4”."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from flows.locales import Lexicon, lexicon_for
from flows.slots.recognizers.numbers.named_numbers import number_of_people, tokenize_parts
from flows.slots.recognizers.numbers.plain_numbers import is_number, number_values
from flows.slots.recognizers.numbers.slot_nouns import (
    counted_nouns,
    is_countable_only,
    nouns_of_slot,
    stem_of_noun,
)
from flows.slots.slot import Slot
from flows.text import tokenize

_MAX_ADJECTIVES = 2


def numbers_that_name(slot: Slot, names: frozenset[str], text: str) -> frozenset[int | float]:
    """Return the numbers of a text that only name which one is meant (“table 4”), and count nothing."""
    numbers = lexicon_for(slot.language).numbers
    ranked = numbers.ranked_nouns if numbers.ranked_nouns & names else frozenset[str]()
    nouns = numbers.numbered_nouns - names - ranked
    return frozenset(
        value
        for noun, word in pairwise(tokenize(text))
        if noun in nouns and is_number(word, slot)
        for value in number_values(word, slot)
    )


def values_of_others(slot: Slot, names: frozenset[str], text: str) -> frozenset[int | float]:
    """Return the numbers of a text that count something else than the slot: “in 5 minutes”, “I have 2 dogs”.

    That is so with a unit that is not asked for; where the question says what it counts, with any other noun.
    """
    lexicon = lexicon_for(slot.language)
    words, numbers = tokenize(text), lexicon.numbers
    spaced = f" {' '.join(tokenize(f'{slot.question} {slot.description}'))} "
    is_age = not names.isdisjoint(numbers.age_words)
    if not names.isdisjoint(numbers.money_questions):
        return _values_with_unit(words, slot)
    if not is_age and not any(f" {phrase} " in spaced for phrase in numbers.count_phrases):
        return frozenset()
    nouns, units = nouns_of_slot(slot, names), frozenset(map(stem_of_noun, numbers.unit_words))
    nouns |= frozenset(map(stem_of_noun, numbers.age_units)) if is_age else frozenset()
    is_strict = is_age or bool(counted_nouns(slot)) or is_countable_only(slot, names)
    known = _words_beside_counts(lexicon) if is_strict else frozenset()
    people = frozenset() if names & numbers.people_words else numbers.people_words
    found = set[int | float](number_of_people(words, slot, needs_statement=True) if people else ())
    for part in tokenize_parts(text):
        for at, (word, following) in enumerate(pairwise(part), 2):
            if not following.isalpha() or stem_of_noun(following) in nouns or not is_number(word, slot):
                continue
            is_noun_near = any(stem_of_noun(near) in nouns for near in part[at : at + _MAX_ADJECTIVES])
            is_counted = following in known or is_number(following, slot) or is_noun_near
            is_other = following in people or (is_strict and not is_counted)
            if is_other or stem_of_noun(following) in units or following in numbers.container_words:
                found.update(number_values(word, slot))
    return frozenset(found)


def _values_with_unit(words: tuple[str, ...], slot: Slot) -> frozenset[int | float]:
    """Return the numbers before a unit other than money, where an amount of money is asked for: “5 kg”."""
    numbers = lexicon_for(slot.language).numbers
    units = (
        numbers.unit_words | numbers.people_words | numbers.unit_abbreviations.keys()
    ) - numbers.money_words
    return frozenset(
        value
        for word, unit in pairwise(words)
        if unit in units and is_number(word, slot)
        for value in number_values(word, slot)
    )


@cache
def _words_beside_counts(lexicon: Lexicon) -> frozenset[str]:
    """Return the words that may follow a number of people or of units without being what is counted."""
    answers, choices, clauses, numbers = lexicon.answers, lexicon.choices, lexicon.clauses, lexicon.numbers
    known = lexicon.fillers | lexicon.thanks | lexicon.correction_words | lexicon.stop_words
    known |= clauses.value_companions | clauses.consent_companions | clauses.value_connectors
    known |= lexicon.speech_acts.second_thoughts | numbers.people_words
    known |= numbers.piece_words | choices.companions | choices.colours | choices.sizes
    known |= answers.yes | answers.no | answers.correct
    known |= {*lexicon.and_words, *lexicon.or_words, *numbers.amount_multipliers}
    return known.union(
        *(
            phrase.split()
            for phrase in (*numbers.amount_modifiers_after, *clauses.reservations, *clauses.replacements)
        )
    )
