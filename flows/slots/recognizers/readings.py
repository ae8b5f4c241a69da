"""Readings of one value: the only one of a text, or why there is none."""

from __future__ import annotations

from typing import Any

from flows.locales import Lexicon, lexicon_for, messages_for
from flows.nlu import is_replaced
from flows.slots.slot import Slot
from flows.slots.slot_types import SlotReading, slot_type
from flows.text import find_phrase, tokenize

_SEVERAL = 2


def invalid_reading(slot: Slot) -> SlotReading:
    return SlotReading(
        error_message=messages_for(slot.language).invalid_value.format(slot.description), weight=1
    )


def single_value(recognized: list[Any], text: str, slot: Slot) -> SlotReading:
    """Return the only value; of several the last when the user corrects themselves."""
    distinct = _without_replaced(list(dict.fromkeys(recognized)), text, slot)
    if not distinct:
        return SlotReading()
    if len(distinct) > 1 and not _corrects_itself(text, str(distinct[-1]), lexicon_for(slot.language)):
        messages = messages_for(slot.language)
        display = slot_type(slot.kind).display
        shown = [display(item, messages) if display else item for item in distinct[:4]]
        return SlotReading(error_message=messages.ambiguous_value.format(messages.join_list(shown)), weight=1)
    return SlotReading(distinct[-1], weight=len(str(distinct[-1])))


def _without_replaced(values: list[Any], text: str, slot: Slot) -> list[Any]:
    """Return several values without those in whose place another one is given (“instead of a@b.example”)."""
    if len(values) < _SEVERAL:
        return values
    words = tokenize(text)
    starts = {value: find_phrase(tokenize(str(value)), words) for value in values}
    kept = [value for value, at in starts.items() if at < 1 or not is_replaced(words[:at], slot.language)]
    return kept or values


def _corrects_itself(text: str, last: str, lexicon: Lexicon) -> bool:
    """Return whether the last of several values is meant: it stands behind a word of correction.

    An alternative (“no idea, 2 or 3”) and “2 or 3, I don't know” correct nothing.
    """
    words, empty = tokenize(text), lexicon.fillers | lexicon.stop_words | lexicon.correction_words
    corrections = [
        at
        for at, word in enumerate(words)
        if word in lexicon.correction_words and not empty.issuperset(words[at + 1 :])
    ]  # “2 or 3, I don't know” corrects nothing
    if not corrections or {*lexicon.or_words}.intersection(words[corrections[-1] :]):
        return False
    spelt = tokenize(last)  # the position of a value that is not spelt as it is stored is unknown
    return words[-1] in spelt or find_phrase(spelt, words) < 0 or find_phrase(spelt, words) > corrections[-1]
