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

FormValues = dict[str, JsonValue]


def parse_form_values(text: str) -> FormValues | None:
    """Return the values of a form; `None` if it is too long or not a JSON object.

    A truncated form is dropped: half of a JSON text cannot be read, and half of an answer misleads.
    """
    if not text or len(text) > MAX_FORM_LENGTH:
        return None
    try:
        value = _sanitize_json(json.loads(text))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _sanitize_json(value: Any) -> JsonValue:
    """Return a JSON value that can be stored: without what breaks UTF-8, and without NaN."""
    if isinstance(value, str):
        return sanitize(value, len(value))
    if isinstance(value, dict):
        return {sanitize(name, len(name)): _sanitize_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_sanitize_json(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    is_huge = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _MAX_INTEGER
    result: JsonValue = str(value) if is_huge else value
    return result
