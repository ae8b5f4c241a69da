"""Walking through a document as plain JSON; what has the wrong shape is passed over, and named elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Document = Mapping[str, Any]

LONGEST_TIMEOUT = 45
"""Seconds that a call may take at most, whatever is written."""

RESORTS = ("timeout", "on_undelivered", "out_of_hours")
"""What a node may have for when no answer comes."""


class Place(NamedTuple):
    """An object of the document, and the path to it."""

    path: str
    part: Document


def objects(owner: Document, key: str, path: str = "") -> Iterator[Place]:
    """The objects of the list at `key`."""
    listed = owner.get(key)
    for index, part in enumerate(listed if isinstance(listed, list | tuple) else ()):
        if isinstance(part, Mapping):
            yield Place(f"{path}.{key}[{index}]".lstrip("."), part)


def mapping(owner: Document, key: str) -> Document:
    """The object at `key`; an empty one where there is none."""
    part = owner.get(key)
    return part if isinstance(part, Mapping) else {}


def edges(document: Document) -> Iterator[Place]:
    """Every edge, the nodes' own and the global ones."""
    for node in objects(document, "nodes"):
        yield from objects(node.part, "edges", node.path)
    yield from objects(document, "global_edges")


def actions(document: Document) -> Iterator[Place]:
    """Every action."""
    yield from objects(document, "actions" if "actions" in document else "global_actions")


def tool_owners(document: Document) -> Iterator[Place]:
    """The document itself and its nodes: who may have tools."""
    yield Place("", document)
    yield from objects(document, "nodes")


def leads(edge: Document) -> bool:
    """Whether the edge leads anywhere; a blank target is as good as none."""
    target = edge.get("target_node_id")
    return bool(target.strip()) if isinstance(target, str) else target is not None


def texts(path: str, key: str | int, owner: Any, depth: int = 20) -> Iterator[tuple[str, object]]:
    """Every text in a part of the document, with its path."""
    part = owner.get(key) if isinstance(owner, Mapping) and isinstance(key, str) else owner
    path = f"{path}.{key}" if isinstance(key, str) else f"{path}[{key}]"
    if isinstance(part, str):
        yield path, part
    elif isinstance(part, Mapping) and depth:
        for name in part:
            yield from texts(path, str(name), part, depth - 1)
    elif isinstance(part, list | tuple) and depth:
        for index, item in enumerate(part):
            yield from texts(path, index, item, depth - 1)
