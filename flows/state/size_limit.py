"""Trims the stored state to its size limit, least important data first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from core.ports import State

_EXCLUDED_FIELDS: State = {"history": None, "summary": None}
_TEXT_FIELDS = ("slots", "variables", "offered")
_TEXT_LENGTH_STEPS = (200, 60, 20)


def serialized_size(state: State) -> int:
    """Return the number of characters of JSON in a state, without its history and summary."""
    return len(json.dumps({**state, **_EXCLUDED_FIELDS}))


def trim_state(state: State, most: int) -> State:
    """Return the state within the limit: with fewer old results, shorter texts, fewer visits and tokens."""
    trimmed = dict(state)
    letting_go = _trim_steps(trimmed)
    while serialized_size(trimmed) > most and next(letting_go, None):
        pass
    return {name: value for name, value in trimmed.items() if value not in ({}, [])}


def _trim_steps(trimmed: dict[str, Any]) -> Iterator[str]:
    """Remove one item after another, the oldest of each kind first, and yield its kind."""
    yield from _drop_oldest(trimmed, "results")
    for longest in _TEXT_LENGTH_STEPS:
        trimmed.update({key: _truncate(trimmed[key], longest) for key in _TEXT_FIELDS if key in trimmed})
        yield "texts"
    for key in ("visits", "kept", "environment", "variables", "offered", "slots"):
        yield from _drop_oldest(trimmed, key)


def _drop_oldest(trimmed: dict[str, Any], key: str) -> Iterator[str]:
    while parts := trimmed.get(key):
        trimmed[key] = parts[1:] if isinstance(parts, list) else dict(list(parts.items())[1:])
        yield key


def _truncate(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value[:longest]
    if isinstance(value, list):
        return [_truncate(item, longest) for item in value]
    return (
        {name: _truncate(item, longest) for name, item in value.items()} if isinstance(value, dict) else value
    )
