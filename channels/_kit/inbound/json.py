"""Tolerant access to untrusted JSON: values of an unexpected type count as missing."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from math import isfinite
from typing import Any, Final

from channels._kit.text import sanitize

JsonObject = dict[str, Any]

_MAX_DIGITS: Final = 40


def parse_object(raw: bytes) -> JsonObject | None:
    """Return the JSON object in a body; `None` for anything else, however nested, large or badly encoded.

    A byte order mark is skipped.
    """
    try:
        value = _load(raw.removeprefix(BOM_UTF8).decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _load(text: str) -> Any:
    """Load JSON. One number with too many digits costs only its own field, not everything beside it."""
    try:
        return json.loads(text, parse_constant=_drop)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer of more digits than Python converts
        return json.loads(text, parse_constant=_drop, parse_int=_parse_short_integer)


def _drop(_: str) -> None:
    return None


def _parse_short_integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MAX_DIGITS else None


def get_object(value: JsonObject, *path: str) -> JsonObject:
    """Return the object at the end of a path; an empty one if it is missing or of another type."""
    for name in path:
        child = value.get(name)
        if not isinstance(child, dict):
            return {}
        value = child
    return value


def get_object_list(value: JsonObject, name: str) -> list[JsonObject]:
    """Return the objects in a list, without its other items."""
    items = value.get(name)
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []


def get_text(value: JsonObject, name: str, limit: int = 200) -> str:
    """Return a text, sanitised and truncated; integers as text; the empty string for anything else."""
    content = value.get(name)
    if isinstance(content, int) and not isinstance(content, bool):
        return str(content) if abs(content) < 10**18 else ""
    return sanitize(content, limit) if isinstance(content, str) else ""


def get_identifier(value: JsonObject, name: str, limit: int = 256) -> str:
    """Return an identifier of printable ASCII without spaces; never truncated, else the empty string.

    A truncated identifier would be another one.
    """
    identifier = get_text(value, name, limit + 1).strip()
    return (
        identifier
        if len(identifier) <= limit
        and identifier.isascii()
        and identifier.isprintable()
        and " " not in identifier
        else ""
    )


def get_number(value: JsonObject, name: str) -> float | None:
    """Return a number, also if it is written as text; `None` for anything else."""
    content = value.get(name)
    if isinstance(content, bool) or not isinstance(content, int | float | str):
        return None
    try:
        number = float(content)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None
