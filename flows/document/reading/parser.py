"""Parsing of a document's text, JSON or YAML, into JSON values."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError

from flows.document.errors import FlowError, FlowNotFound, Issue
from flows.document.reading.playbook import playbook_form, playbook_issue
from flows.document.reading.yaml_hints import find_json_hint, find_yaml_hint

MAX_DOCUMENT_VALUES = 500_000
"""The maximum number of values in a YAML document with its aliases expanded."""

MAX_MERGED_VALUES = 100_000
"""The maximum number of values that the merge keys (`<<`) of a YAML document copy."""

QUOTES_NEEDED = (
    "Text is required here and this is true or false, as YAML reads yes, no, on and off: write it in quotes."
)

_YAML_SUFFIXES = (".yaml", ".yml")
_MAX_DEPTH = 100
_SURROGATE = re.compile("[\ud800-\udfff]")


class _DictWithDuplicates(dict[Any, Any]):
    """An object with duplicate keys; the last of each counts."""

    duplicate_keys: tuple[str, ...] = ()


class _JsonCompatibleLoader(yaml.SafeLoader):
    """YAML's safe loader, but dates stay text, as in JSON, and what merge keys copy is bounded."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._merged_values = 0
        self._merging: list[yaml.MappingNode] = []

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Copy what `<<` names into a mapping. Raises `ConstructorError` beyond `MAX_MERGED_VALUES`."""
        if any(each is node for each in self._merging):
            raise ConstructorError(None, None, "a merge key is inside its own mapping", node.start_mark)
        self._merging.append(node)
        for part in _find_merged(node):
            self.flatten_mapping(part)
            self._merged_values += len(part.value)
            if self._merged_values > MAX_MERGED_VALUES:
                raise ConstructorError(None, None, "its merge keys copy too many values", node.start_mark)
        self._merging.pop()
        super().flatten_mapping(node)


def _find_merged(node: yaml.MappingNode) -> Iterator[yaml.MappingNode]:
    for key, value in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
            yield from (part for part in parts if isinstance(part, yaml.MappingNode))


_JsonCompatibleLoader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_text(path: str | Path) -> str:
    """Return the text of a UTF-8 file. Raises `FlowError`."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FlowError(str(path), [Issue("", "The file cannot be read: it is not UTF-8 text.")]) from error
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        refused = FlowNotFound if isinstance(error, FileNotFoundError) else FlowError
        raise refused(str(path), [Issue("", f"The file cannot be read: {reason}.")]) from error


def is_yaml(path: str | Path) -> bool:
    """Return whether a file is YAML, by its extension."""
    return Path(path).suffix.lower() in _YAML_SUFFIXES


def parse_json(text: str, source: str) -> Any:
    """Parse JSON. Raises `FlowError` naming `source`."""
    try:
        document = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_build_object)
    except (ValueError, RecursionError) as error:
        problem = f"This is not JSON: {_describe_error(error)}{find_json_hint(text)}."
        raise FlowError(source, [Issue("", problem)]) from error
    if problems := list(_find_invalid_values(document)):
        raise FlowError(source, problems)
    return document


def parse_yaml(text: str, source: str) -> Any:
    """Parse YAML restricted to what JSON can hold. Raises `FlowError`."""
    try:
        document = yaml.load(text, _JsonCompatibleLoader)  # noqa: S506  # a subclass of the safe loader
        size = _count_values(document, {}, set())
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FlowError(source, [Issue("", f"This is not YAML: {_describe_error(error)}.")]) from error
    if size > MAX_DOCUMENT_VALUES:
        raise FlowError(source, [Issue("", "With its aliases expanded this is too large.")])
    if problems := [*_find_invalid_values(document), *_find_unquoted_booleans(document)]:
        form = playbook_form(document)  # its keys may be none of ours: YAML reads its “on” as true
        raise FlowError(source, [playbook_issue(form, source)] if form else problems)
    return document


def find_duplicate_keys(document: object) -> Iterator[Issue]:
    """Yield the duplicate keys of objects."""
    for path, value, _ in _walk(document):
        for name in value.duplicate_keys if isinstance(value, _DictWithDuplicates) else ():
            yield Issue(f"{path}.{name}".lstrip("."), "This key is repeated; the last one counts.")


def _build_object(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    mapping = dict(pairs)
    if len(mapping) == len(pairs):
        return mapping
    mapping = _DictWithDuplicates(mapping)
    mapping.duplicate_keys = tuple(
        name for name, count in Counter(name for name, _ in pairs).items() if count > 1
    )
    return mapping


def _construct_mapping(loader: _JsonCompatibleLoader, node: yaml.MappingNode) -> Iterator[dict[Any, Any]]:
    """Construct a mapping as the safe loader does, and record its duplicate keys; `<<` may be repeated."""
    names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
    mapping = _build_object([(name, None) for name in names])
    mapping.clear()
    yield mapping
    mapping.update(loader.construct_mapping(node))


_JsonCompatibleLoader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def _describe_error(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem and error.problem_mark:
        mark = error.problem_mark
        hint = find_yaml_hint(error.problem, (mark.buffer or "").rstrip("\0"), mark.line, mark.column)
        return f"{error.problem} (line {mark.line + 1}, column {mark.column + 1}){hint and f'; {hint}'}"
    return " ".join(str(error).split())


def _count_values(value: Any, counts: dict[int, int], above: set[int]) -> int:
    """Count the values in `value`; an alias counts each time it is used, but is visited once."""
    if not isinstance(value, dict | list):
        return 1
    key = id(value)
    if key in above:
        raise ValueError("an alias is inside the value that it refers to")
    if key not in counts:
        parts = value.values() if isinstance(value, dict) else value
        counts[key] = 1 + sum(_count_values(part, counts, {*above, key}) for part in parts)
    return counts[key]


def _walk(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any, int]]:
    """Yield every value with its path and depth, down to the first that is too deep."""
    yield path, value, depth
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _walk(part, f"{path}.{key}".lstrip("."), depth + 1)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _walk(part, f"{path}[{index}]", depth + 1)


def _find_invalid_values(document: Any) -> Iterator[Issue]:
    """Yield the issues of values that can be parsed but not be part of a flow."""
    for path, value, depth in _walk(document):
        if depth > _MAX_DEPTH:
            yield Issue(path[:100], "This is nested too deeply.")
        elif isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    yield Issue(path, f"The key {key!r} is not text here: write it in quotes.")
                elif _SURROGATE.search(key):
                    yield Issue(ascii(path), f"The key {key!a} contains half a surrogate pair: remove it.")
        elif isinstance(value, str) and _SURROGATE.search(value):
            yield Issue(path, "This text contains a lone surrogate (half a character): remove it.")
        elif isinstance(value, float) and not math.isfinite(value):
            yield Issue(path, "This number cannot be represented in JSON.")
        elif not isinstance(value, list | str | int | float | None):
            yield Issue(path, "A value of this type is not allowed in a flow: write it in quotes.")


def _find_unquoted_booleans(document: Any) -> Iterator[Issue]:
    """Yield the issues of booleans among texts, as YAML reads an unquoted “yes” or “no”."""
    for path, value, _ in _walk(document):
        if isinstance(value, dict) and value.get("type") == "string" and isinstance(value.get("enum"), list):
            for index, item in enumerate(value["enum"]):
                if isinstance(item, bool):
                    yield Issue(f"{path}.enum[{index}]".lstrip("."), QUOTES_NEEDED)
