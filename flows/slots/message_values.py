"""Slots whose value is not in a message's text: a shared location, a filled-in form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import JsonValue

from flows.slots.slot import Slot
from flows.slots.slot_types import SlotReading, slot_type

MAX_FORM_LENGTH = 2_500
"""Maximum number of characters of JSON in a form's slot, so that it fits into the stored state."""

MessageValues = Mapping[str, JsonValue]


def is_message_slot(slot: Slot) -> bool:
    """Return whether a slot is filled by what a message carries, and by nothing that is written."""
    return slot_type(slot.kind).from_message is not None


def read_message_slot(slot: Slot, message: MessageValues) -> JsonValue:
    """Return the value that a message carries for a slot; `None` if it carries none."""
    read = slot_type(slot.kind).from_message
    return read(slot, message) if read else None


def read_location(slot: Slot, message: MessageValues) -> JsonValue:
    """Return the location that a message shares."""
    return message.get("location")


def read_form(slot: Slot, message: MessageValues) -> JsonValue:
    """Return the form that a message brings: the fields that the slot's schema names, or else all."""
    form = message.get("form")
    if not isinstance(form, dict):
        return None
    names = _field_names(slot)
    chosen = {name: value for name, value in form.items() if name in names} if names else form
    return chosen or None


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


def _field_names(slot: Slot) -> frozenset[str]:
    schema: dict[str, Any] = json.loads(slot.constraints.schema) if slot.constraints else {}
    return frozenset(schema.get("properties") or ())
