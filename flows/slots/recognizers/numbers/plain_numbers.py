"""Numbers as a slot's language writes them, and the part of a text that has them."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from flows.locales import Lexicon, lexicon_for
from flows.nlu import one_of, recognize_numbers
from flows.slots.slot import Slot
from flows.text import tokenize


@lru_cache(maxsize=4_000)
def is_number_word(word: str, language: str) -> bool:
    """Return whether a word is a number in digits or letters."""
    return re.fullmatch(r"[\d.,]+", word) is not None or bool(recognize_numbers(word, language))


def is_number(word: str, slot: Slot) -> bool:
    """Return whether a word is a number in the slot's language."""
    return is_number_word(word, slot.language)


def number_values(text: str, slot: Slot) -> list[int | float]:
    """Return the numbers of a text that nothing modifies (“about 5”)."""
    numbers = recognize_numbers(text, slot.language)
    return [number.value for number in numbers if number.value is not None and not number.is_modified]


def without_reason(slot: Slot, text: str) -> str:
    """Return the text up to a clause that only says why: “135, because five cancelled”."""
    lexicon = lexicon_for(slot.language)
    ahead, *behind = _reason_pattern(lexicon).split(text, maxsplit=1)
    if not behind or not any(is_number(word, slot) for word in tokenize(ahead)):
        return text
    changes = lexicon.correction_words | lexicon.speech_acts.second_thoughts | lexicon.numbers.addition_words
    return ahead if changes.isdisjoint(tokenize(behind[0])) else text


@cache
def _reason_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    links = lexicon.clauses.because_words
    return re.compile(rf"[,;.(]\s+{one_of(links)}\s", re.IGNORECASE) if links else re.compile(r"(?!)")
