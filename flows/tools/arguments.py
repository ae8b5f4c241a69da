"""Validates a model's tool arguments against the tool's schema, and encodes them as a query string."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import JsonValue

from flows.slots import Constraints


def validate_arguments(schema: Mapping[str, Any], arguments: Mapping[str, JsonValue]) -> str:
    """Return an error message for the model when the arguments violate the schema, or an empty string."""
    root = json.dumps(schema)
    if Constraints(root).is_satisfied_by(dict(arguments)):
        return ""
    properties = schema.get("properties") or {}
    wrong = {
        "missing": [name for name in schema.get("required") or () if name not in arguments],
        "unknown": [name for name in arguments if name not in properties],
        "not as the schema requires": [
            name
            for name, part in properties.items()
            if name in arguments and not Constraints(json.dumps(part), root).is_satisfied_by(arguments[name])
        ],
    }
    if schema.get("additionalProperties", True) is not False:
        del wrong["unknown"]
    message = "; ".join(f"{what}: {', '.join(names)}" for what, names in wrong.items() if names)
    return message or "the arguments do not match the schema"


def encode_query(arguments: Mapping[str, JsonValue]) -> str:
    """Encode arguments as a query string: list items one by one, null values left out."""
    pairs = [(name, text) for name, value in arguments.items() for text in _query_values(value)]
    return urlencode(pairs, errors="replace")


def _query_values(value: JsonValue) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from [json.dumps(item)] if isinstance(item, list) else _query_values(item)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value)
