"""Parsing of filled-in forms: JSON in a text, stored completely or not at all."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, Final

from pydantic import JsonValue

from channels._kit.text import sanitize

MAX_FORM_LENGTH: Final = 262_144
"""Maximum number of characters of a form, as many as the largest webhook form has bytes."""

_MAX_INTEGER: Final = 10**18
_MAX_DEPTH: Final = 50
"""Objects and lists inside one another; the stored form of deeper ones could not be read again."""

FormValues = dict[str, JsonValue]


def parse_form_values(form: str | dict[str, Any]) -> FormValues | None:
    """Return the values of a form, written or parsed; `None` if it is too long, too deep or no JSON object.

    A truncated form is dropped: half of a JSON text cannot be read, and half of an answer misleads.
    """
    try:
        text = form if isinstance(form, str) else json.dumps(form)
        if not text or len(text) > MAX_FORM_LENGTH:
            return None
        value = _sanitize_json(json.loads(text), _MAX_DEPTH)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _sanitize_json(value: Any, depth: int) -> JsonValue:
    """Return a JSON value that can be stored: without what breaks UTF-8, and without NaN.

    Raises `ValueError` if more than `depth` values contain one another.
    """
    if not depth:
        raise ValueError("too deep")
    if isinstance(value, str):
        return sanitize(value, len(value))
    if isinstance(value, dict):
        return {sanitize(name, len(name)): _sanitize_json(item, depth - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_sanitize_json(item, depth - 1) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    is_huge = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _MAX_INTEGER
    result: JsonValue = str(value) if is_huge else value
    return result
