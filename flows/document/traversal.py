"""Traversal of a document as JSON. Malformed parts are skipped; validation reports them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Document = Mapping[str, Any]

MAX_TIMEOUT_SECONDS = 45
"""The maximum seconds of a call, whatever the document says."""

FALLBACK_FIELDS = ("timeout", "on_undelivered", "out_of_hours")
"""The keys of a node's reactions to a missing answer."""


class JsonNode(NamedTuple):
    """An object of the document and its path."""

    path: str
    value: Document


def iter_objects(owner: Document, key: str, path: str = "") -> Iterator[JsonNode]:
    """Yield the objects of the list at `key`."""
    listed = owner.get(key)
    for index, part in enumerate(listed if isinstance(listed, list | tuple) else ()):
        if isinstance(part, Mapping):
            yield JsonNode(f"{path}.{key}[{index}]".lstrip("."), part)


def get_mapping(owner: Document, key: str) -> Document:
    """Return the object at `key`, or an empty one."""
    part = owner.get(key)
    return part if isinstance(part, Mapping) else {}


def iter_edges(document: Document) -> Iterator[JsonNode]:
    """Yield every edge, the nodes' own and the global ones."""
    for node in iter_objects(document, "nodes"):
        yield from iter_objects(node.value, "edges", node.path)
    yield from iter_objects(document, "global_edges")


def iter_actions(document: Document) -> Iterator[JsonNode]:
    """Yield every action."""
    yield from iter_objects(document, "actions" if "actions" in document else "global_actions")


def iter_tool_owners(document: Document) -> Iterator[JsonNode]:
    """Yield the document and its nodes, the places that may have tools."""
    yield JsonNode("", document)
    yield from iter_objects(document, "nodes")


def has_target(edge: Document) -> bool:
    """Return whether the edge has a target; a blank one counts as none."""
    target = edge.get("target_node_id")
    return bool(target.strip()) if isinstance(target, str) else target is not None


def iter_texts(path: str, key: str | int, owner: Any, depth: int = 20) -> Iterator[tuple[str, object]]:
    """Yield every text in a part of the document, with its path."""
    part = owner.get(key) if isinstance(owner, Mapping) and isinstance(key, str) else owner
    path = f"{path}.{key}" if isinstance(key, str) else f"{path}[{key}]"
    if isinstance(part, str):
        yield path, part
    elif isinstance(part, Mapping) and depth:
        for name in part:
            yield from iter_texts(path, str(name), part, depth - 1)
    elif isinstance(part, list | tuple) and depth:
        for index, item in enumerate(part):
            yield from iter_texts(path, index, item, depth - 1)
