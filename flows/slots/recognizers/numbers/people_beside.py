"""Numbers about people that are no answer to “how many”: a relative's age, and the parts of a party."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from flows.locales import ALL_LEXICONS, Lexicon, lexicon_for
from flows.nlu import one_of
from flows.slots.recognizers.numbers.plain_numbers import is_number
from flows.slots.slot import Slot
from flows.text import normalize, normalize_same_length, tokenize

_PARTS = 2


def mask_ages_of_relatives(names: frozenset[str], text: str, language: str) -> str:
    """Return the text of the same length without what tells a relative's age, if no age is asked for."""
    lexicon = lexicon_for(language)
    if not names.isdisjoint(lexicon.numbers.age_words):
        return text
    plain = normalize(normalize_same_length(text))
    pattern = _age_pattern(lexicon)
    return (
        pattern.sub(lambda match: f";{' ' * (len(match[0]) - 1)}", plain) if pattern.search(plain) else text
    )


def counts_in_parts(slot: Slot, names: frozenset[str], text: str) -> bool:
    """Return whether a text counts two kinds of people, whose sum it does not tell: “2 adults, 1 child”.

    If the slot asks for one of them, its number is told.
    """
    numbers = lexicon_for(slot.language).numbers
    people = numbers.people_words | numbers.child_words
    ones = lexicon_for(slot.language).dates.counts
    nouns = {
        noun
        for number, noun in pairwise(tokenize(text))
        if noun in people and (is_number(number, slot) or ones.get(number) == 1)
    }
    return len(nouns) >= _PARTS and nouns.isdisjoint(names) and not nouns.isdisjoint(numbers.child_words)


@cache
def _age_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    names = lexicon.names
    verbs = lexicon.numbers.age_verbs
    if not verbs:
        return re.compile(r"(?!)")
    return re.compile(rf"\b{one_of(names.owners)} (?:\w+ )?{one_of(names.relatives)} {one_of(verbs)} \w+")


# compiled at import, because a worker that forks per job would compile them in each job
for _lexicon in ALL_LEXICONS:
    _age_pattern(_lexicon)
