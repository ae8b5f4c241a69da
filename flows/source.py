"""Reading a document's text, JSON or YAML, into plain JSON values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from flows.errors import FlowError, Problem

LARGEST_DOCUMENT = 500_000
"""How many values a YAML document may have once its aliases are written out."""

_YAML = (".yaml", ".yml")


class _Loader(yaml.SafeLoader):
    """The safe loader, but a date stays the text that it is in JSON."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: str | Path) -> str:
    """The text of a file in UTF-8. Raises `FlowError`."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FlowError(str(path), [Problem("", "The file cannot be read: it is not UTF-8 text.")]) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise FlowError(str(path), [Problem("", f"The file cannot be read: {reason}.")]) from error


def is_yaml(path: str | Path) -> bool:
    """Whether a file is YAML, by its name."""
    return Path(path).suffix.lower() in _YAML


def parse_json(text: str, source: str) -> Any:
    """The value that a JSON text stands for. Raises `FlowError` naming `source`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FlowError(source, [Problem("", f"This is not JSON: {error}.")]) from error


def parse_yaml(text: str, source: str) -> Any:
    """The value that a YAML text stands for, with nothing in it that JSON has not. Raises `FlowError`."""
    try:
        document = yaml.load(text, _Loader)  # noqa: S506  # a safe loader, made above
        if _size(document, {}, set()) > LARGEST_DOCUMENT:
            raise FlowError(source, [Problem("", "With its aliases written out this is too large.")])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FlowError(source, [Problem("", f"This is not YAML: {_sentence(error)}.")]) from error
    if problems := list(_not_json(document)):
        raise FlowError(source, problems)
    return document


def _sentence(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem and error.problem_mark:
        mark = error.problem_mark
        return f"{error.problem} (line {mark.line + 1}, column {mark.column + 1})"
    return " ".join(str(error).split())


def _size(value: Any, known: dict[int, int], above: set[int]) -> int:
    """How many values `value` holds; an alias counts as often as it is used, but is looked at once."""
    if not isinstance(value, dict | list):
        return 1
    key = id(value)
    if key in above:
        raise ValueError("an alias stands inside of what it names")
    if key not in known:
        parts = value.values() if isinstance(value, dict) else value
        known[key] = 1 + sum(_size(part, known, {*above, key}) for part in parts)
    return known[key]


def _not_json(value: Any, path: str = "") -> Iterator[Problem]:
    """What YAML can say and a flow cannot; true or false among texts was meant as “yes” or “no”."""
    if isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str):
                yield Problem(path, f"The key {key!r} is not text here: write it in quotes.")
                continue
            yield from _not_json(part, f"{path}.{key}".lstrip("."))
        if value.get("type") == "string" and isinstance(value.get("enum"), list):
            for index, item in enumerate(value["enum"]):
                if isinstance(item, bool):
                    yield Problem(f"{path}.enum[{index}]".lstrip("."), QUOTES)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _not_json(part, f"{path}[{index}]")
    elif not isinstance(value, str | int | float | bool | None):
        yield Problem(path, "This value has no place in a flow: write it in quotes.")


QUOTES = (
    "Text is needed here and this is true or false, as YAML reads yes, no, on and off: write it in quotes."
)
