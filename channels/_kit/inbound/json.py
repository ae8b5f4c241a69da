"""Tolerant access to untrusted JSON: values of an unexpected type count as missing."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from channels._kit.text import sanitize

JsonObject = dict[str, Any]


def parse_object(raw: bytes) -> JsonObject | None:
    """Return the JSON object in a body; `None` for anything else, however nested, large or badly encoded."""
    try:
        found = json.loads(raw.decode(), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def get_object(value: JsonObject, *path: str) -> JsonObject:
    """Return the object at the end of a path; an empty one if it is missing or of another type."""
    for name in path:
        found = value.get(name)
        if not isinstance(found, dict):
            return {}
        value = found
    return value


def get_object_list(value: JsonObject, name: str) -> list[JsonObject]:
    """Return the objects in a list, without its other items."""
    found = value.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def get_text(value: JsonObject, name: str, limit: int = 200) -> str:
    """Return a text, sanitised and truncated; integers as text; the empty string for anything else."""
    found = value.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found) if abs(found) < 10**18 else ""
    return sanitize(found, limit) if isinstance(found, str) else ""


def get_identifier(value: JsonObject, name: str, limit: int = 256) -> str:
    """Return an identifier of printable ASCII without spaces; never truncated, else the empty string.

    A truncated identifier would be another one.
    """
    found = get_text(value, name, limit + 1).strip()
    return (
        found if len(found) <= limit and found.isascii() and found.isprintable() and " " not in found else ""
    )


def get_number(value: JsonObject, name: str) -> float | None:
    """Return a number, also if it is written as text; `None` for anything else."""
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        value_of = float(found)
    except (ValueError, OverflowError):
        return None
    return value_of if isfinite(value_of) else None
