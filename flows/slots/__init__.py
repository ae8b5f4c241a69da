"""Slots: definitions from JSON Schema, constraints, and extraction of values from user text."""

from __future__ import annotations

from flows.slots.constraints import Constraints
from flows.slots.extraction import MAX_VALUE_LENGTH, extract_slot, validate_slot_value
from flows.slots.recognizers.date_extraction import is_birth_date
from flows.slots.recognizers.enum_values import named_values, names_several
from flows.slots.recognizers.labelled_texts import label_words
from flows.slots.recognizers.list_items import accepts_any_text
from flows.slots.recognizers.message_values import is_message_slot, read_message_slot
from flows.slots.recognizers.numbers.additions import without_addition
from flows.slots.recognizers.numbers.named_numbers import numbers_of_values, recognize_named_numbers
from flows.slots.recognizers.numbers.number_corrections import find_replacement, sets_number
from flows.slots.recognizers.numbers.number_extraction import denies_count
from flows.slots.recognizers.numbers.plain_numbers import is_number_word
from flows.slots.recognizers.numbers.slot_nouns import nouns_of_slot, stem_of_noun
from flows.slots.slot import Slot, slots_from_schema, words_of_slot
from flows.slots.slot_types import SlotReading
from flows.slots.stored_values import drop_changed_values

__all__ = [
    "MAX_VALUE_LENGTH",
    "Constraints",
    "Slot",
    "SlotReading",
    "accepts_any_text",
    "denies_count",
    "drop_changed_values",
    "extract_slot",
    "find_replacement",
    "is_birth_date",
    "is_message_slot",
    "is_number_word",
    "label_words",
    "named_values",
    "names_several",
    "nouns_of_slot",
    "numbers_of_values",
    "read_message_slot",
    "recognize_named_numbers",
    "sets_number",
    "slots_from_schema",
    "stem_of_noun",
    "validate_slot_value",
    "without_addition",
    "words_of_slot",
]
