"""Numbers that correct another one: “4 instead of 3”, “make it 135, because five cancelled”."""

from __future__ import annotations

from pydantic import JsonValue

from flows.locales import lexicon_for
from flows.nlu import is_excepted
from flows.slots.recognizers.numbers.plain_numbers import is_number, number_values, without_reason
from flows.slots.slot import Slot
from flows.text import tokenize

_MAX_NUMBER_WORDS, _MAX_SET_DIGITS = 3, 4


def find_replacement(slot: Slot, current: JsonValue, text: str) -> int | float | None:
    """Return the number that takes the place of the current one: “4 instead of 3”, “not 3 but 5”."""
    if not isinstance(current, int | float) or isinstance(current, bool):
        return None
    lexicon, words = lexicon_for(slot.language), tokenize(text)
    at = [
        (position, number_values(word, slot)) for position, word in enumerate(words) if is_number(word, slot)
    ]
    values = [(position, each[0]) for position, each in at if len(each) == 1]
    others = [value for _, value in values if value != current]
    if len(values) != 2 or len(others) != 1:
        return None
    old = next(position for position, value in values if value == current)
    before = words[max(0, old - _MAX_NUMBER_WORDS) : old]
    is_left_out = is_excepted(before, slot.language) or any(word in lexicon.negations for word in before)
    return others[0] if is_left_out else None


def sets_number(slot: Slot, text: str) -> bool:
    """Return whether a text says nothing but one number that is to be set: “make it 135”, “mejor 135”.

    It has too few digits for a phone number.
    """
    lexicon, words = lexicon_for(slot.language), tokenize(without_reason(slot, text))
    setting = lexicon.numbers.setting_words
    numbers = [word for word in words if is_number(word, slot)]
    known = lexicon.fillers | lexicon.correction_words | lexicon.thanks | setting
    is_short = len(numbers) == 1 and len(numbers[0].strip(".,")) <= _MAX_SET_DIGITS
    return is_short and not setting.isdisjoint(words) and known.issuperset({*words} - {*numbers})
