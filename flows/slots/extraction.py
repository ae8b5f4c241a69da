"""Extraction of slot values from user text, validation of a model's values, and the table of slot types."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from pydantic import JsonValue

from flows.locales import LocaleMessages, lexicon_for, messages_for
from flows.nlu import (
    MAX_DIGITS,
    expand_fractions,
    mask_doubts,
    mask_outdated,
    spell_amounts,
    text_after_retraction,
)
from flows.nlu.datetimes import write_days_in_digits
from flows.slots.constraint_messages import violation_message
from flows.slots.recognizers.boolean_extraction import extract_boolean
from flows.slots.recognizers.date_extraction import extract_date, extract_time
from flows.slots.recognizers.enum_extraction import extract_enum
from flows.slots.recognizers.identifier_extraction import extract_email, extract_pattern, extract_phone
from flows.slots.recognizers.labelled_texts import recognize_labelled_text
from flows.slots.recognizers.list_items import item_slot, split_list
from flows.slots.recognizers.message_values import convert_form, convert_location, read_form, read_location
from flows.slots.recognizers.numbers.doubtful_numbers import considers_other_number, takes_from_number
from flows.slots.recognizers.numbers.number_extraction import extract_number
from flows.slots.recognizers.readings import invalid_reading
from flows.slots.slot import Slot
from flows.slots.slot_types import SlotReading, SlotType, register_slot_types, slot_type
from flows.text import MAX_INPUT_LENGTH, normalize_digits, tokenize

MAX_VALUE_LENGTH = 500

_DOUBTABLE_KINDS = ("boolean", "date", "enum", "integer", "number", "time")
"""Kinds of value that a user who is not sure does not give. A code or an address is right or it is none."""

_IDENTIFYING_KINDS = ("email", "pattern", "phone")
_COUNTED_KINDS = ("date", "integer", "number", "time")
_NUMBER_KINDS = ("integer", "number")


def extract_slot(slot: Slot, text: str, today: date) -> SlotReading:
    """Return the value of `slot` in a user's `text`, recognized without a model."""
    text = expand_fractions(normalize_digits(text[:MAX_INPUT_LENGTH])).strip()
    recognize = slot_type(slot.kind).recognize
    if not recognize or not text:
        return SlotReading()
    if slot.kind in _COUNTED_KINDS:
        text = write_days_in_digits(text, slot.language)
    if slot.kind in _NUMBER_KINDS:
        text = spell_amounts(text)
    if slot.kind == "date":
        text = text_after_retraction(text, slot.language)
    if slot.kind in _IDENTIFYING_KINDS:
        text = mask_outdated(text, slot.language)
    reading = _check_constraints(slot, recognize(slot, text, today))
    if reading.value is None or slot.kind not in _DOUBTABLE_KINDS:
        return reading
    if slot.kind in _NUMBER_KINDS and takes_from_number(slot, text):
        return SlotReading(error_message=messages_for(slot.language).exact_number_required, weight=1)
    certain = mask_doubts(text, slot.language, is_counted=_can_exceed(slot, text))
    if certain == text:
        return reading
    is_open = slot.kind in _NUMBER_KINDS and considers_other_number(slot, text, certain)
    if not is_open and recognize(slot, certain, today).value == reading.value:
        return reading
    return SlotReading(error_message=messages_for(slot.language).certain_value_required, weight=1)


def _can_exceed(slot: Slot, text: str) -> bool:
    """Return whether a value may be called too much or too little; not one's own (“my dress is too wide”)."""
    if slot.kind != "enum":
        return slot.kind in _COUNTED_KINDS
    return lexicon_for(slot.language).names.owners.isdisjoint(tokenize(text)[:1])


def validate_slot_value(slot: Slot, value: JsonValue, today: date) -> SlotReading:
    """Return a model's value in its stored form, or the error message why it is invalid."""
    if value is None or value == "":
        return SlotReading()
    return _check_constraints(slot, slot_type(slot.kind).convert(slot, value, today) or invalid_reading(slot))


def _check_constraints(slot: Slot, reading: SlotReading) -> SlotReading:
    """Return the reading, or the error message when its value violates the slot's constraints."""
    reason = "" if reading.value is None else violation_message(slot, reading.value)
    return SlotReading(error_message=reason, weight=1) if reason else reading


def _convert_text(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    """Read a model's value as if a user had written it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if slot.kind == "text":
        return _extract_text(replace(slot, identified_by=""), str(value).strip(), today)
    reading = extract_slot(slot, str(value).strip(), today)
    return reading if reading.value is not None or reading.error_message else None


def _convert_boolean(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    return SlotReading(value, weight=1) if isinstance(value, bool) else _convert_text(slot, value, today)


def _convert_enum(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    equal = [allowed for allowed in slot.allowed_values if _is_json_equal(allowed, value)]
    return SlotReading(equal[0], weight=1) if equal else _convert_text(slot, value, today)


def _convert_number(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _convert_text(slot, value, today)
    amount = _simplify_number(value)
    is_valid = amount is not None and not (slot.kind == "integer" and isinstance(amount, float))
    return SlotReading(amount, weight=1) if is_valid else None


def _convert_pattern(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    is_match = slot.pattern is not None and len(text) <= MAX_VALUE_LENGTH and slot.pattern.search(text)
    return SlotReading(text, weight=len(text)) if is_match else None


def _convert_array(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    reading = _convert_list(slot, value, today)
    is_valid = isinstance(reading.value, list) and _is_short(reading.value)
    return reading if reading.error_message or is_valid else None


def _convert_object(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    return SlotReading(value, weight=1) if isinstance(value, dict) and _is_short(value) else None


def _is_short(value: JsonValue) -> bool:
    return len(json.dumps(value)) <= 2 * MAX_VALUE_LENGTH


def _convert_list(slot: Slot, value: JsonValue, today: date) -> SlotReading:
    """Convert a model's list item by item; a text is read as a list."""
    if isinstance(value, str):
        return _extract_array(slot, value, today)
    item = item_slot(slot)
    parts: list[JsonValue] = value if isinstance(value, list) else [value]
    if item is None:
        return SlotReading(parts, weight=1)
    readings = [validate_slot_value(item, part, today) for part in parts]
    if reason := next((reading.error_message for reading in readings if reading.error_message), ""):
        return SlotReading(error_message=reason, weight=1)
    return SlotReading([reading.value for reading in readings if reading.value is not None], weight=1)


def _is_json_equal(one: JsonValue, other: JsonValue) -> bool:
    """Return whether two values are equal in JSON, where 2.0 is 2 and true is not 1."""
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def _simplify_number(value: int | float) -> int | float | None:
    """Return 3.0 as 3, and None for an amount with too many digits or NaN."""
    if not -(10**MAX_DIGITS) < value < 10**MAX_DIGITS:
        return None
    return int(value) if int(value) == value else value


def _extract_text(slot: Slot, text: str, today: date) -> SlotReading:
    if slot.identified_by:
        told = recognize_labelled_text(slot, text)
        return SlotReading(told, weight=len(told)) if told else SlotReading()
    return SlotReading(text[:MAX_VALUE_LENGTH], weight=1)


def _extract_array(slot: Slot, text: str, today: date) -> SlotReading:
    """Read each item between commas and the like: the value is all of them, or none."""
    item = item_slot(slot)
    if item is None:
        return SlotReading(list[JsonValue](split_list(text, slot.language)), weight=1)
    parts = split_list(text, slot.language)
    is_list = item.is_free_text or (item.kind == "enum" and len(parts) > 1 and not _is_label(item, text))
    single = SlotReading() if is_list else extract_slot(item, text, today)
    if single.value is not None:
        return SlotReading([single.value], weight=single.weight)
    readings = [extract_slot(item, part, today) for part in parts]
    values = list[JsonValue](reading.value for reading in readings if reading.value is not None)
    if not values:
        return single
    if len(values) < len(readings):
        return next((each for each in readings if each.error_message), invalid_reading(slot))
    return SlotReading(values, weight=sum(reading.weight for reading in readings))


def _is_label(item: Slot, text: str) -> bool:
    """Return whether a text is a value of an enum although it looks like a list (“salt and pepper”)."""
    return tokenize(text) in {tokenize(str(value)) for value in item.allowed_values}


def _display_date(value: JsonValue, messages: LocaleMessages) -> str:
    return messages.format_date(date.fromisoformat(str(value)))


_NUMBER_KEYWORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_TEXT_KEYWORDS = ("minLength", "maxLength")

register_slot_types(
    {
        "text": SlotType(_extract_text, _convert_text, constraint_keywords=_TEXT_KEYWORDS),
        "pattern": SlotType(extract_pattern, _convert_pattern, constraint_keywords=_TEXT_KEYWORDS),
        "enum": SlotType(extract_enum, _convert_enum),
        "boolean": SlotType(extract_boolean, _convert_boolean, is_json_type=True),
        "integer": SlotType(
            extract_number, _convert_number, is_json_type=True, constraint_keywords=_NUMBER_KEYWORDS
        ),
        "number": SlotType(
            extract_number, _convert_number, is_json_type=True, constraint_keywords=_NUMBER_KEYWORDS
        ),
        "array": SlotType(_extract_array, _convert_array, is_json_type=True, has_own_schema=True),
        "object": SlotType(None, _convert_object, is_json_type=True, has_own_schema=True),
        "email": SlotType(extract_email, _convert_text, is_format=True, constraint_keywords=_TEXT_KEYWORDS),
        "phone": SlotType(extract_phone, _convert_text, is_format=True),
        "date": SlotType(extract_date, _convert_text, is_format=True, display=_display_date),
        "time": SlotType(extract_time, _convert_text, is_format=True),
        "location": SlotType(
            None, convert_location, is_format=True, has_own_schema=True, from_message=read_location
        ),
        "form": SlotType(None, convert_form, is_format=True, has_own_schema=True, from_message=read_form),
    }
)
