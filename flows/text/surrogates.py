"""Texts of whole characters: no file and no connection takes half of one, and some servers cut there."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import from_json


def replace_surrogates(text: str) -> str:
    """The text with its pairs of half characters joined, and � for a half that is left alone."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def replace_surrogates_in_json(value: Any) -> Any:
    """A JSON value of whole characters."""
    return from_json(replace_surrogates(json.dumps(value, ensure_ascii=False)))
