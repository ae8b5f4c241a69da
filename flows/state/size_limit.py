"""Making room in a stored state: what the conversation can do without goes first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from core.ports.dialog import State

_MEMORY: State = {"history": None, "summary": None}
_TEXTS = ("slots", "variables", "offered")
_SHORTER = (200, 60, 20)


def size_of(state: State) -> int:
    """How many characters of JSON a state has beside its history and the summary before it."""
    return len(json.dumps({**state, **_MEMORY}))


def fitted(state: State, most: int) -> State:
    """The state in at most so many characters: with less of old results, long texts, visits and tokens."""
    made = dict(state)
    letting_go = _letting_go(made)
    while size_of(made) > most and next(letting_go, None):
        pass
    return {name: value for name, value in made.items() if value not in ({}, [])}


def _letting_go(made: dict[str, Any]) -> Iterator[str]:
    """Let go of one thing after another, the oldest of each kind first, and name its kind."""
    yield from _oldest(made, "results")
    for longest in _SHORTER:
        made.update({key: _cut(made[key], longest) for key in _TEXTS if key in made})
        yield "texts"
    for key in ("visits", "environment", "variables", "offered", "slots"):
        yield from _oldest(made, key)


def _oldest(made: dict[str, Any], key: str) -> Iterator[str]:
    while parts := made.get(key):
        made[key] = parts[1:] if isinstance(parts, list) else dict(list(parts.items())[1:])
        yield key


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value[:longest]
    if isinstance(value, list):
        return [_cut(item, longest) for item in value]
    return {name: _cut(item, longest) for name, item in value.items()} if isinstance(value, dict) else value
