"""Schemas of slots that are valid JSON Schema, but which no value satisfies, or which have no effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flows.document.errors import Issue
from flows.document.traversal import Document, get_mapping, iter_edges
from flows.document.validation.hints import find_nearest

_FORMATS = ("date", "time", "email", "phone", "location", "form")
_BOUNDS = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))
_TYPES: Mapping[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float)}


def find_odd_schemas(document: Document) -> Iterator[Issue]:
    """Yield a warning for each schema of an edge that is probably not meant."""
    for path, edge in iter_edges(document):
        schema = edge.get("input_schema")
        if not isinstance(schema, Mapping):
            continue
        place = f"{path}.input_schema"
        if "properties" not in schema and (
            names := [key for key in schema if isinstance(schema[key], Mapping)]
        ):
            yield Issue(place, f"This has no effect: put “{names[0]}” below properties.")
        for name, part in get_mapping(schema, "properties").items():
            if isinstance(part, Mapping):
                yield from _find_odd_slot(f"{place}.properties.{name}", part)


def _find_odd_slot(path: str, slot: Mapping[str, Any]) -> Iterator[Issue]:
    kind = slot.get("format")
    if isinstance(kind, str) and kind not in _FORMATS and (near := find_nearest(kind, _FORMATS)):
        yield Issue(
            f"{path}.format", f"There is no format “{kind}”: the value is any text. Is “{near}” meant?"
        )
    for least, most in _BOUNDS:
        low, high = slot.get(least), slot.get(most)
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            yield Issue(path, f"{least} is more than {most}: no value is valid.")
    expected, values = _TYPES.get(str(slot.get("type"))), slot.get("enum")
    if expected is None or not isinstance(values, list | tuple):
        return
    for value in values:
        if value is not None and not isinstance(value, expected):
            yield Issue(f"{path}.enum", f"“{value}” is not of the type “{slot['type']}”.")
