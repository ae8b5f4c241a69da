"""Checks stored values against the present definitions of their slots, which may have changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from pydantic import JsonValue

from flows.slots.slot import Slot
from flows.state import DialogState

_DATE, _TIME = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{2}:\d{2}")
_JSON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict, "form": dict,
    "location": dict,
}  # fmt: skip


def drop_changed_values(state: DialogState, definitions: Mapping[str, Collection[Slot]]) -> None:
    """Drop stored values that no longer fit any definition of their slot; they are asked for again."""
    changed = {
        name
        for name, value in state.slots.items()
        if (slots := definitions.get(name)) and not any(_fits(slot, value) for slot in slots)
    }
    if changed:
        state.slots = {name: value for name, value in state.slots.items() if name not in changed}
        state.filled = tuple(name for name in state.filled if name not in changed)


def _fits(slot: Slot, value: JsonValue) -> bool:
    """Return whether a value has the form in which the slot's values are stored."""
    if slot.allowed_values:
        return value in slot.allowed_values
    if (expected := _JSON_TYPES.get(slot.kind)) is not None:
        is_number = slot.kind in ("integer", "number")
        return isinstance(value, expected) and not (is_number and isinstance(value, bool))
    if not isinstance(value, str):
        return False
    if slot.kind in ("date", "time"):
        return (_DATE if slot.kind == "date" else _TIME).fullmatch(value) is not None
    return True
