"""Extraction of a yes or no."""

from __future__ import annotations

from datetime import date

from flows.locales import lexicon_for
from flows.nlu import (
    answer_vocabulary,
    asks_for_agreement,
    is_not_yet,
    is_reserved,
    is_unreserved_yes,
    read_reasoned_answer,
    read_short_answer,
    recognize_confirmation,
    recognize_numbers,
    refuses_to_tell,
)
from flows.slots.slot import Slot, words_of_slot
from flows.slots.slot_types import SlotReading
from flows.text import tokenize

_MIN_WORD_LENGTH = 3


def extract_boolean(slot: Slot, text: str, today: date) -> SlotReading:
    if refuses_to_tell(text, slot.language) or asks_for_agreement(text, slot.language):
        return SlotReading()
    if (reasoned := read_reasoned_answer(text, words_of_slot(slot), slot.language)) is not None:
        return SlotReading(reasoned, weight=3)
    agreed = False if is_not_yet(text, slot.language) else recognize_confirmation(text, slot.language)
    if agreed and is_reserved(text, slot.language):
        return SlotReading()
    if agreed and not _is_strong_yes(slot, text):
        return SlotReading()
    if agreed is False and _corrects_number(slot, text):
        return SlotReading()
    return SlotReading() if agreed is None else SlotReading(agreed, weight=3)


def _is_strong_yes(slot: Slot, text: str) -> bool:
    """Return whether a yes is said by its own word, or by one such as “fine” that is about what was asked."""
    if read_short_answer(text, slot.language):
        return True
    vocabulary, words = answer_vocabulary(slot.language), tokenize(text)
    strong = vocabulary.affirmative - vocabulary.correct
    return not strong.isdisjoint(words) or is_unreserved_yes(text, slot.language, words_of_slot(slot))


def _corrects_number(slot: Slot, text: str) -> bool:
    """Return whether a no is only about a number that was given before: “no, 3”."""
    lexicon = lexicon_for(slot.language)
    known = lexicon.fillers | lexicon.correction_words | lexicon.answers.no | lexicon.clauses.value_companions
    rest = [word for word in tokenize(text) if word not in known]
    numbers = [word for word in rest if word.isdigit() or recognize_numbers(word, slot.language)]
    return bool(numbers) and all(word in numbers or len(word) < _MIN_WORD_LENGTH for word in rest)
