"""Nouns of a slot, by which its number is known: “people” in “5 people”."""

from __future__ import annotations

import re
from functools import lru_cache

from flows.locales import lexicon_for
from flows.nlu import one_of, stem_of
from flows.slots.slot import Slot
from flows.text import tokenize

MIN_NOUN = 3
"""Length of the shortest word that counts as a noun."""

_DIMINUTIVE = re.compile(r"(?<=\w\w)it([oa]s?)$")
"""The ending of Spanish words for small things (“horitas”)."""


@lru_cache(maxsize=1_000)
def nouns_of_slot(slot: Slot, names: frozenset[str]) -> frozenset[str]:
    """Return the stems of the nouns that may stand beside the slot's number."""
    lexicon = lexicon_for(slot.language)
    if not names.isdisjoint(lexicon.numbers.age_words):  # “2 children” is not an age
        return frozenset(map(stem_of_noun, lexicon.numbers.age_units))
    empty = lexicon.fillers | lexicon.question_words | lexicon.clauses.code_companions
    empty |= lexicon.clauses.consent_companions | lexicon.names.name_words
    nouns = {word for word in names if word not in empty and len(word) >= MIN_NOUN}
    nouns |= counted_nouns(slot)
    if nouns & lexicon.numbers.people_words:
        nouns |= lexicon.numbers.people_words
    for topic in lexicon.speech_acts.topics:
        nouns |= set(topic) if not nouns.isdisjoint(topic) else set()
    short = lexicon.numbers.unit_abbreviations.items()
    nouns |= {unit for unit, long in short if any(word.startswith(long) for word in names)}
    nouns |= {stem_of(word, slot.language) for word in nouns}  # “Nacht” of “Nächte”
    return frozenset(map(stem_of_noun, nouns))


@lru_cache(maxsize=4_000)
def stem_of_noun(word: str) -> str:
    """Return a noun without the s of its plural."""
    if word.endswith("iones"):
        return word.removesuffix("es")
    word = _DIMINUTIVE.sub(r"\1", word)
    return word.rstrip("s") if len(word) > MIN_NOUN else word


@lru_cache(maxsize=1_000)
def counted_nouns(slot: Slot) -> frozenset[str]:
    """Return the nouns of which the question or the description asks how many; none for “How many?”."""
    lexicon = lexicon_for(slot.language)
    asked = " ".join(tokenize(f"{slot.question} {slot.description}"))
    counted = re.findall(rf"\b{one_of(lexicon.numbers.count_phrases)} (\w+)", asked)
    return frozenset(word for word in counted if word not in lexicon.fillers and len(word) >= MIN_NOUN)


def is_countable_only(slot: Slot, names: frozenset[str]) -> bool:
    """Return whether people or units are asked for, which no other noun can be."""
    numbers = lexicon_for(slot.language).numbers
    units = frozenset(map(stem_of_noun, numbers.unit_words))
    return bool(nouns_of_slot(slot, names) & units) or not names.isdisjoint(numbers.people_words)
