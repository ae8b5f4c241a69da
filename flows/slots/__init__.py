"""Slots: definitions from JSON Schema, constraints, and extraction of values from user text."""

from __future__ import annotations

from flows.slots.constraints import Constraints
from flows.slots.extraction import MAX_VALUE_LENGTH, SlotReading, extract_slot, validate_slot_value
from flows.slots.list_items import accepts_any_text
from flows.slots.slot import Slot, slots_from_schema

__all__ = [
    "MAX_VALUE_LENGTH",
    "Constraints",
    "Slot",
    "SlotReading",
    "accepts_any_text",
    "extract_slot",
    "slots_from_schema",
    "validate_slot_value",
]
