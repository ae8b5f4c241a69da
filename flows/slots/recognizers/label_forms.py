"""Forms of a slot's own words that stand beside its value: “pick up”, “returning”, “wir holen … ab”."""

from __future__ import annotations

from itertools import pairwise

from flows.locales import lexicon_for
from flows.nlu import have_same_stem, stem_of
from flows.slots.recognizers.labelled_texts import label_words
from flows.slots.slot import Slot, words_of_slot
from flows.text import tokenize


def words_beside_day(slot: Slot, text: str) -> frozenset[str]:
    """Return the words that say nothing new beside a day: the slot's own ones, in all their forms."""
    return words_of_slot(slot) | forms_of_label(slot, text) | period_words(slot)


def forms_of_label(slot: Slot, text: str) -> frozenset[str]:
    """Return the words of a text that are the slot's name or label: written apart, or as a verb."""
    lexicon, words = lexicon_for(slot.language), tokenize(text)
    labels = label_words(slot) | (frozenset(tokenize(slot.nouns)) - lexicon.fillers)
    found = {word for word in words if any(_is_form(word, label, slot) for label in labels)}
    for one, other in pairwise(words):
        if not labels.isdisjoint((one + other, stem_of(one, slot.language) + other)):
            found |= {one, other}
    prefix = words[-1] if words else ""
    if prefix in lexicon.forms.verb_prefixes:  # “wir holen sie am 5. ab”
        verbs = {word for word in words[:-1] if any(_is_form(prefix + word, label, slot) for label in labels)}
        found |= {prefix, *verbs} if verbs else set()
    return frozenset(found)


def period_words(slot: Slot) -> frozenset[str]:
    """Return the words of the beginning or the end of a period, where the slot asks for one of them."""
    dates, names = lexicon_for(slot.language).dates, words_of_slot(slot)
    ends = (
        (dates.start_question_words, dates.start_verbs),
        (dates.end_question_words, dates.end_verbs),
    )
    asked = [words | verbs for words, verbs in ends if not words.isdisjoint(names)]
    return frozenset().union(*asked) if len(asked) == 1 else frozenset()


def _is_form(word: str, label: str, slot: Slot) -> bool:
    return word == label or have_same_stem(word, label, slot.language)
