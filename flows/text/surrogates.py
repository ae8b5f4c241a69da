"""Replacement of unpaired surrogates: they cannot be encoded, and some servers truncate between the two."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import from_json


def replace_surrogates(text: str) -> str:
    """Return the text with surrogate pairs joined, and � for an unpaired surrogate."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def replace_surrogates_in_json(value: Any) -> Any:
    """Return a JSON value without unpaired surrogates."""
    return from_json(replace_surrogates(json.dumps(value, ensure_ascii=False)))
