"""Names with values, which the format drops where they are written in neither of its two forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flows.document.errors import Issue
from flows.document.traversal import Document, iter_actions, iter_objects, iter_tool_owners
from flows.document.validation.hints import describe_value, example_for

_ENVIRONMENT = ("environment_variables", "env_vars")


def find_dropped_values(document: Document) -> Iterator[Issue]:
    """Yield the environment and headers, or items of them, that have no effect."""
    for name in _ENVIRONMENT:
        value = document.get(name)
        if value and not isinstance(value, Mapping | list):
            yield Issue(name, f"This is {describe_value(value)}, and has no effect: {_write(name)}")
        yield from _find_dropped_items(name, value)
    for path, action in iter_actions(document):
        yield from _find_dropped_items(f"{path}.headers", action.get("headers"))
    for owner in iter_tool_owners(document):
        for path, tool in iter_objects(owner.value, "tools", owner.path):
            yield from _find_dropped_items(f"{path}.headers", tool.get("headers"))


def _find_dropped_items(path: str, value: object) -> Iterator[Issue]:
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if not (isinstance(item, Mapping) and "key" in item):
            name = path.rpartition(".")[2]
            yield Issue(
                f"{path}[{index}]",
                f"This is {describe_value(item)} without key and value, and has no effect: {_write(name)}",
            )


def _write(name: str) -> str:
    return f"write {example_for((_ENVIRONMENT[0] if name in _ENVIRONMENT else name,))}"
