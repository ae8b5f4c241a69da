"""Extraction of a value of a list from user text."""

from __future__ import annotations

from datetime import date

from pydantic import JsonValue

from core.model import Choice
from flows.locales import lexicon_for
from flows.nlu import (
    MAX_DIGITS,
    asks_back,
    doubted_positions,
    find_labels,
    objects_to_value,
    recognize_choice_label,
    says_missing,
    split_at_marks,
)
from flows.slots.recognizers.enum_values import (
    begins_inquiry,
    named_values,
    weak_value,
    without_modified_names,
)
from flows.slots.recognizers.numbers.number_extraction import recognize_free_numbers
from flows.slots.recognizers.readings import single_value
from flows.slots.slot import Slot
from flows.slots.slot_types import SlotReading
from flows.text import tokenize

_MAX_SHORT_ANSWER_WORDS = 8
_MAX_LABEL_ANSWER_WORDS = 8
_LABEL_STEM = 4


def extract_enum(slot: Slot, text: str, today: date) -> SlotReading:
    if not lexicon_for(slot.language).speech_acts.comparison_words.isdisjoint(tokenize(text)):
        return SlotReading()
    reading = _match_enum(slot, text)
    if reading != SlotReading() and (plain := without_modified_names(slot, text)) != text:
        text, reading = plain, _match_enum(slot, plain)
    if reading.value is None:
        return reading
    is_gone = _is_missing(slot, reading.value, text)
    return SlotReading() if is_gone or _is_doubted(slot, reading.value, text) else reading


def _is_missing(slot: Slot, value: JsonValue, text: str) -> bool:
    """Return whether all that names a value says that it is gone, or there already: “I lost my card”.

    Where one of the values says so itself (“stolen”) it is an answer.
    """
    values = " ".join(map(str, slot.allowed_values))
    if not says_missing(text, slot.language) or says_missing(values, slot.language):
        return False
    parts = [part for part in split_at_marks(text) if named_values(slot, part) == [value]]
    return bool(parts) and all(says_missing(part, slot.language) for part in parts)


def _is_doubted(slot: Slot, value: JsonValue, text: str) -> bool:
    """Return whether the clause that names a value denies something, and no other value is named for it."""
    words, doubted = tokenize(text), doubted_positions(text, slot.language)
    if not doubted:
        return False
    named = {
        allowed: [at for at, word in enumerate(words) if _is_of_label(word, str(allowed), slot)]
        for allowed in map(str, slot.allowed_values)
    }
    own = named.pop(str(value), [])
    return bool(own) and doubted.issuperset(own) and not any(set(each) - set(own) for each in named.values())


def _without_doubted(slot: Slot, values: list[JsonValue], text: str) -> list[JsonValue]:
    """Return the only one of several values not denied in its clause: “the boat, the kayak won't do”."""
    if len(values) <= 1:
        return values
    kept = [value for value in values if not _is_doubted_among(slot, value, text)]
    if len(kept) == 1:
        return kept
    wanted = [
        value
        for part in split_at_marks(text)
        if not (says_missing(part, slot.language) or objects_to_value(part, slot.language))
        for value in named_values(slot, part)
    ]
    return wanted if len(set(map(str, wanted))) == 1 else values


def _is_doubted_among(slot: Slot, value: JsonValue, text: str) -> bool:
    words, doubted = tokenize(text), doubted_positions(text, slot.language)
    own = {at for at, word in enumerate(words) if _is_of_label(word, str(value), slot)}
    return bool(own) and doubted.issuperset(own)


def _is_of_label(word: str, label: str, slot: Slot) -> bool:
    labels = (label, *(name for name, meant in slot.synonyms if meant == label))
    parts = {part for each in labels for part in tokenize(each)}
    return any(word[:_LABEL_STEM] == part[:_LABEL_STEM] for part in parts)


def _match_enum(slot: Slot, text: str) -> SlotReading:
    """Match a value by its label. No numbered list was shown, so a number is not a position."""
    offered = [Choice(label=str(value), payload=str(value)) for value in slot.allowed_values]
    if spelt := [value for value in slot.allowed_values if _is_spelt(str(value), text)]:
        return single_value(spelt, text, slot)
    if named := named_values(slot, text) or weak_value(slot, text):
        return single_value(_without_doubted(slot, named, text), text, slot)
    is_asked = begins_inquiry(text, slot.language)
    if not is_asked and (chosen := recognize_choice_label(text, offered, slot.language)):
        return SlotReading(slot.allowed_values[offered.index(chosen)], weight=len(chosen.label))
    if named := _labelled_values(slot, text):
        return single_value(named, text, slot)
    amounts = {number.value for number in recognize_free_numbers(slot, text)}
    named = [
        value for value in slot.allowed_values if not isinstance(value, bool) and _as_number(value) in amounts
    ]
    return (
        single_value(named, text, slot)
        if len(amounts) == 1 and len(tokenize(text)) <= _MAX_SHORT_ANSWER_WORDS
        else SlotReading()
    )


def _is_spelt(value: str, text: str) -> bool:
    """Return whether a text is a value with a digit in it, whatever its spaces and marks (“2 b” for 2B)."""
    return any(map(str.isdigit, value)) and "".join(tokenize(value)) == "".join(tokenize(text))


def _labelled_values(slot: Slot, text: str) -> list[JsonValue]:
    """Return the values of which a short statement has a word that no other value has."""
    if (
        asks_back(text, slot.language)
        or begins_inquiry(text, slot.language)
        or len(tokenize(text)) > _MAX_LABEL_ANSWER_WORDS
    ):
        return []
    names = [
        [str(value), *(name for name, named in slot.synonyms if named == str(value))]
        for value in slot.allowed_values
    ]
    return [slot.allowed_values[index] for index in find_labels(text, names, slot.language)]


def _as_number(value: JsonValue) -> int | float | str:
    """Return a value such as 2 or "2" as a number, and any other as text."""
    if isinstance(value, int | float):
        return value
    return int(str(value)) if str(value).isdecimal() and len(str(value)) <= MAX_DIGITS else str(value)
