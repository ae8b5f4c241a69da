"""Words that add to what there is (“two more days”), where there is nothing yet that they could add to."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import Lexicon, lexicon_for
from flows.nlu import one_of
from flows.slots.recognizers.numbers.plain_numbers import is_number_word
from flows.slots.recognizers.numbers.slot_nouns import nouns_of_slot, stem_of_noun
from flows.slots.slot import Slot, words_of_slot
from flows.text import normalize, tokenize


def without_addition(slot: Slot, text: str) -> str:
    """Return the text without such words if it says nothing but a number of what the slot asks for.

    “3 more” names nothing and stays, as do people, where more are not asked for: the user may be one of them.
    """
    lexicon = lexicon_for(slot.language)
    added = lexicon.numbers.addition_words
    words, names = tokenize(text), words_of_slot(slot)
    nouns = nouns_of_slot(slot, names)
    is_of_people = not names.isdisjoint(lexicon.numbers.people_words)
    is_named = not is_of_people and any(stem_of_noun(word) in nouns for word in words)
    if added.isdisjoint(words) or not (is_named or not added.isdisjoint(tokenize(slot.question))):
        return text
    rest = [word for word in words if word not in added and not is_number_word(word, slot.language)]
    known = _neutral_words(lexicon)
    is_only = len(words) > len(rest) + 1 and all(
        word in known or stem_of_noun(word) in nouns for word in rest
    )
    return _addition_pattern(lexicon).sub(" ", normalize(text)).strip() if is_only else text


@cache
def _neutral_words(lexicon: Lexicon) -> frozenset[str]:
    links = {*lexicon.and_words, *lexicon.or_words}
    politeness = {word for phrase in lexicon.politeness for word in phrase.split()}
    known = lexicon.fillers | lexicon.thanks | politeness | lexicon.answers.yes
    return known - links - lexicon.names.own_words


@cache
def _addition_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"\b{one_of(lexicon.numbers.addition_words)}\b")
