"""Finds numbers that a text reduces or only considers, so that the meant number is unclear."""

from __future__ import annotations

import re
from functools import cache

from flows.locales import Lexicon, lexicon_for
from flows.nlu import one_of
from flows.slots.recognizers.numbers.named_numbers import denied_numbers, recognize_named_numbers
from flows.slots.recognizers.numbers.number_extraction import recognize_free_numbers
from flows.slots.recognizers.numbers.plain_numbers import without_reason
from flows.slots.slot import Slot, words_of_slot
from flows.text import normalize, normalize_same_length, tokenize


def takes_from_number(slot: Slot, text: str) -> bool:
    """Return whether a number behind a “but” is taken from the one before: “nine, but 3 have their own”.

    One that corrects the first, has the slot's noun beside it, or counts units does not.
    """
    lexicon = lexicon_for(slot.language)
    plain = normalize(normalize_same_length(text))
    ahead, *parts = _but_pattern(lexicon).split(plain, maxsplit=1)
    if not parts or not _numbers(slot, ahead):
        return False
    behind = parts[0]
    corrects = lexicon.correction_words | lexicon.speech_acts.second_thoughts
    if not corrects.isdisjoint(tokenize(behind)) or recognize_named_numbers(
        slot, words_of_slot(slot), behind
    ):
        return False
    counted = _counted_units(lexicon).sub(";", behind)
    return bool(_numbers(slot, counted) - denied_numbers(slot, behind) - _numbers(slot, ahead))


def considers_other_number(slot: Slot, text: str, certain: str) -> bool:
    """Return whether a number stands in a part of a text that is doubted: “five, maybe six”."""
    return bool(_numbers(slot, without_reason(slot, text)) - _numbers(slot, certain))


def _numbers(slot: Slot, text: str) -> frozenset[int | float]:
    found = recognize_free_numbers(slot, text)
    return frozenset(number.value for number in found if number.value is not None)


@cache
def _but_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"\b{one_of(lexicon.numbers.but_words)}\b" if lexicon.numbers.but_words else r"(?!)")


@cache
def _counted_units(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile(rf"\b\w+ {one_of(lexicon.numbers.unit_words)}\b")
