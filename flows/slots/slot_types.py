"""The registry of slot types: recognition in text, conversion of a model's value, constraints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from pydantic import JsonValue

from flows.locales import LocaleMessages

# a `Slot`, which is built with this registry
_AnySlot = Any


class SlotReading(NamedTuple):
    """A `value`; or, when it is None, the `error_message` for the user, empty when nothing was recognized.

    `weight` is the number of characters of the text that the value is based on.
    """

    value: JsonValue = None
    error_message: str = ""
    weight: int = 0


@dataclass(frozen=True, slots=True)
class SlotType:
    """One type of slot; its key in the registry is a JSON Schema `type` or `format`, or its own name."""

    recognize: Callable[[_AnySlot, str, date], SlotReading] | None
    """Reads the value from a user's text; None for a type that only a model can give."""
    convert: Callable[[_AnySlot, JsonValue, date], SlotReading | None]
    """Turns a model's value into the stored form; None where it is of another type."""
    is_format: bool = False
    """True if the key is a `format`."""
    is_json_type: bool = False
    """True if the key is a `type`."""
    constraint_keywords: tuple[str, ...] = ()
    """The JSON Schema keywords that are checked beyond the type."""
    has_own_schema: bool = False
    """True if all keywords are checked, as for lists and objects."""
    from_message: Callable[[_AnySlot, Mapping[str, JsonValue]], JsonValue] | None = None
    """Reads the value from what a message carries beside its text; then nothing else fills the slot."""
    display: Callable[[JsonValue, LocaleMessages], str] | None = None
    """Formats a value for a question; None shows it unchanged."""


_registry: dict[str, SlotType] = {}


def register_slot_types(types: Mapping[str, SlotType]) -> None:
    """Add types to the registry, by key."""
    _registry.update(types)


def slot_type(kind: str) -> SlotType:
    """Return a registered type. Raises `KeyError` for an unknown kind."""
    return _registry[kind]


def is_format_type(name: object) -> bool:
    """Return whether a JSON Schema `format` has a type of its own."""
    return isinstance(name, str) and name in _registry and _registry[name].is_format


def is_json_type(name: str) -> bool:
    """Return whether a JSON Schema `type` has a type of its own; any other value is text."""
    return name in _registry and _registry[name].is_json_type
