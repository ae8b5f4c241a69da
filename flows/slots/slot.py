"""Slots: typed values that an edge collects, defined by its JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import JsonValue

from flows.locales import DEFAULT_LANGUAGE, phone_region
from flows.slots.constraints import Constraints, constraints_from_schema
from flows.slots.slot_types import is_format_type, is_json_type
from flows.text import BoundedRegex, tokenize


@dataclass(frozen=True, slots=True)
class Slot:
    """One property of an edge's schema."""

    name: str
    kind: str
    required: bool = False
    description: str = ""
    question: str = ""
    pattern: BoundedRegex | None = None
    allowed_values: tuple[JsonValue, ...] = ()
    must_be_past: bool = False
    must_be_future: bool = False
    language: str = DEFAULT_LANGUAGE
    region: str = ""
    constraints: Constraints | None = None
    identified_by: str = ""
    """Mark of a value among others in the same text: a number's noun, or also its size; a label of others."""
    nouns: str = ""
    """Other words for what is asked for."""
    rivals: str = ""
    """Words for other values of this kind in the same form."""
    synonyms: tuple[tuple[str, str], ...] = ()
    """Other names of the allowed values, each with its value."""

    def is_valid(self, value: JsonValue) -> bool:
        """Return whether a value of this type satisfies the schema's constraints."""
        return self.constraints is None or self.constraints.is_satisfied_by(value)

    @property
    def is_free_text(self) -> bool:
        """True if any text is a valid value; not where only one with a label is."""
        return self.kind == "text" and not self.identified_by


def slots_from_schema(schema: Mapping[str, Any] | None, language: str = DEFAULT_LANGUAGE) -> tuple[Slot, ...]:
    """Return the slots of a validated `input_schema`; `language` is the one that values are written in."""
    if not schema:
        return ()
    required = set(schema.get("required") or ())
    properties = schema.get("properties") or {}
    return tuple(
        _build_slot(name, part, schema, required=name in required, language=language)
        for name, part in properties.items()
    )


def _build_slot(
    name: str, part: Mapping[str, Any], schema: Mapping[str, Any], *, required: bool, language: str
) -> Slot:
    kind = _slot_kind(part)
    return Slot(
        name=name,
        kind=kind,
        required=required,
        description=str(part.get("description") or name.replace("_", " ")),
        question=str(part.get("x-question") or ""),
        pattern=BoundedRegex(part["pattern"]) if part.get("pattern") is not None else None,
        allowed_values=tuple(part.get("enum") or ()),
        must_be_past=bool(part.get("x-past")),
        must_be_future=bool(part.get("x-future")),
        language=language,
        region=str(part.get("x-region") or phone_region(language)).upper(),
        constraints=constraints_from_schema(kind, part, schema),
        identified_by=str(part.get("x-told-by") or ""),  # the key is part of stored node versions
        nouns=" ".join(map(str, part.get("x-nouns") or ())),
        rivals=" ".join(map(str, part.get("x-rivals") or ())),
        synonyms=_synonyms(part),
    )


def _synonyms(part: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    names = part.get("x-synonyms")
    return tuple(
        (str(name), str(value))
        for value, listed in (names.items() if isinstance(names, Mapping) else ())
        for name in (listed if isinstance(listed, list | tuple) else [listed])
    )


def _slot_kind(part: Mapping[str, Any]) -> str:
    if part.get("enum"):
        return "enum"
    if is_format_type(part.get("format")):
        return str(part["format"])
    declared = _declared_type(part)
    if is_json_type(declared):
        return declared
    return "pattern" if part.get("pattern") is not None else "text"


def _declared_type(part: Mapping[str, Any]) -> str:
    """Return the only type of a value; `string` where several are allowed, as all of them can be written."""
    declared = part.get("type", "string")
    types = (
        [each for each in declared if each != "null"] if isinstance(declared, list | tuple) else [declared]
    )
    return str(types[0]) if len(types) == 1 else "string"


@lru_cache(maxsize=1_000)
def words_of_slot(slot: Slot) -> frozenset[str]:
    """Return the words of what the slot asks for."""
    return frozenset(
        tokenize(f"{slot.description} {slot.question} {slot.name.replace('_', ' ')} {slot.nouns}")
    )
