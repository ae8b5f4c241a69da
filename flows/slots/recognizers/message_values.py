"""Slots whose value is not in a message's text: a shared location, a filled-in form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import JsonValue

from flows.slots.slot import Slot
from flows.slots.slot_types import SlotReading, slot_type

MAX_FORM_LENGTH = 2_500
"""Maximum number of characters of JSON in a form's slot, so that it fits into the stored state."""

_INTEGER = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_CARD_FIELDS: Mapping[str, str] = {"phone": "phones", "email": "emails"}
_BOOLEANS: Mapping[str, JsonValue] = {"true": True, "false": False}

MessageValues = Mapping[str, JsonValue]


def is_message_slot(slot: Slot) -> bool:
    """Return whether a slot is filled by what a message carries, and by nothing that is written."""
    return slot_type(slot.kind).from_message is not None


def read_message_slot(slot: Slot, message: MessageValues) -> JsonValue:
    """Return the value that a message carries for a slot; `None` if it carries none."""
    read = slot_type(slot.kind).from_message
    return read(slot, message) if read else _read_card(slot, message)


def _read_card(slot: Slot, message: MessageValues) -> JsonValue:
    """Return the only number or address in a shared contact, which answers the question for one."""
    cards, field = message.get("contacts"), _CARD_FIELDS.get(slot.kind)
    if not isinstance(cards, list) or field is None or message.get("text"):
        return None
    found = [value for card in cards if isinstance(card, dict) for value in _as_list(card.get(field))]
    return found[0] if len(found) == 1 else None


def _as_list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def read_location(slot: Slot, message: MessageValues) -> JsonValue:
    """Return the location that a message shares."""
    return message.get("location")


def read_form(slot: Slot, message: MessageValues) -> JsonValue:
    """Return the form that a message brings: the fields that the slot's schema names, or else all."""
    form = message.get("form")
    if not isinstance(form, dict):
        return None
    fields = _field_schemas(slot)
    if not fields:
        return form or None
    return {
        name: _convert_field(value, fields[name]) for name, value in form.items() if name in fields
    } or None


def convert_location(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    """Return a location in its stored form."""
    if not isinstance(value, dict) or not all(
        isinstance(value.get(name), int | float) for name in ("latitude", "longitude")
    ):
        return None
    return SlotReading(value, weight=1)


def convert_form(slot: Slot, value: JsonValue, today: date) -> SlotReading | None:
    """Return a form in its stored form; none that is too long to be stored."""
    is_valid = isinstance(value, dict) and len(json.dumps(value)) <= MAX_FORM_LENGTH
    return SlotReading(value, weight=1) if is_valid else None


def _field_schemas(slot: Slot) -> Mapping[str, Any]:
    schema: dict[str, Any] = json.loads(slot.constraints.schema) if slot.constraints else {}
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _convert_field(value: JsonValue, schema: Any) -> JsonValue:
    """Return a field's value in the type of its schema: WhatsApp's forms write numbers as text."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    if isinstance(value, str):
        text = value.strip()
        if kind == "integer" and _INTEGER.fullmatch(text):
            return int(text)
        if kind in ("number", "integer") and _NUMBER.fullmatch(text):
            return float(text)
        if kind == "boolean":
            return _BOOLEANS.get(text.lower(), value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value}" if kind == "string" and is_number else value
