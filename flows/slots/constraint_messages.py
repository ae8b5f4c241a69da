"""Error messages for values that violate a slot's constraints."""

from __future__ import annotations

import json
from operator import ge, gt, le, lt
from typing import Any

from pydantic import JsonValue

from flows.locales import messages_for
from flows.slots.slot import Slot


def violation_message(slot: Slot, value: JsonValue) -> str:
    """Return the message for an invalid value of a slot; empty when it is valid."""
    if slot.kind == "email" and slot.pattern is not None and not slot.pattern.search(str(value)):
        return _invalid_value_message(slot)
    return "" if slot.is_valid(value) else _constraint_message(slot, value)


def _invalid_value_message(slot: Slot) -> str:
    return messages_for(slot.language).invalid_value.format(slot.description)


def _constraint_message(slot: Slot, value: JsonValue) -> str:
    schema: dict[str, Any] = json.loads(slot.constraints.schema) if slot.constraints else {}
    messages = messages_for(slot.language)
    for key, size, is_beyond, message in (
        ("minimum", value, lt, messages.at_least),
        ("maximum", value, gt, messages.at_most),
        ("exclusiveMinimum", value, le, messages.more_than),
        ("exclusiveMaximum", value, ge, messages.less_than),
        ("minLength", _length_of(value, str), lt, messages.too_short),
        ("maxLength", _length_of(value, str), gt, messages.too_long),
        ("minItems", _length_of(value, list), lt, messages.too_few),
        ("maxItems", _length_of(value, list), gt, messages.too_many),
    ):
        if key in schema and isinstance(size, int | float) and is_beyond(size, schema[key]):
            return message.format(schema[key])
    return _invalid_value_message(slot)


def _length_of(value: JsonValue, kind: type[str] | type[list[Any]]) -> int | None:
    return len(value) if isinstance(value, kind) else None
