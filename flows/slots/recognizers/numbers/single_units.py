"""One of what is counted, without a number: “a month”, “just the one”."""

from __future__ import annotations

from itertools import pairwise

from flows.locales import lexicon_for
from flows.slots.recognizers.numbers.slot_nouns import MIN_NOUN, nouns_of_slot, stem_of_noun
from flows.slots.slot import Slot
from flows.text import tokenize

_MAX_NUMBER_WORDS, _MAX_STRESSED_WORDS = 3, 10


def recognize_single_unit(slot: Slot, names: frozenset[str], text: str) -> int | None:
    """Return 1 for a text that names one of what is counted (“a month”)."""
    words, counts = tokenize(text), lexicon_for(slot.language).dates.counts
    nouns = nouns_of_slot(slot, names)
    is_one = any(counts.get(one) == 1 and stem_of_noun(word) in nouns for one, word in pairwise(words))
    is_short = len(words) <= _MAX_NUMBER_WORDS + 2 or _is_stressed_one(words, nouns, slot)
    return 1 if (is_one and is_short) or _is_only_one(words, slot) else None


def _is_stressed_one(words: tuple[str, ...], nouns: frozenset[str], slot: Slot) -> bool:
    """Return whether a longer text stresses that it is one: “it's only one person”, “better one session”."""
    lexicon = lexicon_for(slot.language)
    counts = lexicon.dates.counts
    stressed = lexicon.clauses.particles | lexicon.speech_acts.second_thoughts | lexicon.correction_words
    return len(words) <= _MAX_STRESSED_WORDS and any(
        first in stressed and counts.get(one) == 1 and stem_of_noun(noun) in nouns
        for first, one, noun in zip(words, words[1:], words[2:], strict=False)
    )


def _is_only_one(words: tuple[str, ...], slot: Slot) -> bool:
    """Return whether a text says one and nothing else: “solo una”, “just the one”."""
    lexicon = lexicon_for(slot.language)
    ones = {word for word, count in lexicon.dates.counts.items() if count == 1 and len(word) >= MIN_NOUN}
    only = lexicon.fillers | {word for phrase in lexicon.clauses.reservations for word in phrase.split()}
    is_said = not ones.isdisjoint(words) and not slot.identified_by
    return is_said and len(words) <= _MAX_NUMBER_WORDS and (only | ones).issuperset(words)
