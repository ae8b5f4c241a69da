"""Warnings: documents that run, but probably not as intended."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from flows.document.errors import Issue
from flows.document.traversal import (
    MAX_TIMEOUT_SECONDS,
    Document,
    iter_actions,
    iter_edges,
    iter_objects,
    iter_tool_owners,
)
from flows.document.validation.hints import find_nearest
from flows.document.validation.languages import find_untranslated
from flows.document.validation.mcp import unavailable_reason
from flows.document.validation.odd_schemas import find_odd_schemas
from flows.text import BoundedRegex

_NESTED_QUANTIFIER = re.compile(r"\([^()]*[+*}][^()]*\)[+*{]")


def find_warnings(document: Document) -> tuple[Issue, ...]:
    """Yield the warnings of a valid document."""
    return (
        *_find_unreachable_nodes(document),
        *_find_dead_ends(document),
        *_find_duplicate_edge_ids(document),
        *_find_slow_patterns(document),
        *_find_unavailable_tools(document),
        *_find_excessive_timeouts(document),
        *_find_unknown_node_types(document),
        *_find_former_ids_in_use(document),
        *_find_unused_actions(document),
        *find_odd_schemas(document),
        *find_untranslated(document),
    )


_NODE_TYPES = ("router", "instruction", "static", "final")


def _find_unknown_node_types(document: Document) -> Iterator[Issue]:
    for path, node in iter_objects(document, "nodes"):
        kind = node.get("node_type")
        near = find_nearest(kind, _NODE_TYPES) if isinstance(kind, str) and kind not in _NODE_TYPES else ""
        if near:
            yield Issue(f"{path}.node_type", f"The type “{kind}” has no effect. Is “{near}” meant?")


def _find_former_ids_in_use(document: Document) -> Iterator[Issue]:
    ids = {node.value.get("id") for node in iter_objects(document, "nodes")}
    for path, node in iter_objects(document, "nodes"):
        for index, name in enumerate(node.get("was") or ()):
            if name in ids:
                yield Issue(f"{path}.was[{index}]", f"“{name}” is the id of a node: this has no effect.")


def _find_unused_actions(document: Document) -> Iterator[Issue]:
    owners = [*iter_objects(document, "nodes"), *iter_edges(document)]
    used = {part.value.get("action_id") for owner in owners for part in iter_objects(owner.value, "actions")}
    for path, action in iter_actions(document):
        if action.get("id") not in used:
            yield Issue(path, f"No node and no edge runs “{action.get('id')}”.")


def _is_regular_exit(edge: Document) -> bool:
    return bool(edge.get("target_node_id")) and not edge.get("is_fallback")


def _find_duplicate_edge_ids(document: Document) -> Iterator[Issue]:
    places = [(part.get("id"), path) for path, part in iter_edges(document)]
    count = Counter(name for name, _ in places)
    for name, path in places:
        if count[name] > 1:
            yield Issue(
                f"{path}.id", f"{count[name]} edges are called “{name}”; a log cannot tell them apart."
            )


def _find_slow_patterns(document: Document) -> Iterator[Issue]:
    for path, edge in iter_edges(document):
        parts = ((edge.get("input_schema") or {}).get("properties") or {}).items()
        places = [
            (f"{path}.pattern", edge),
            *((f"{path}.input_schema.properties.{k}.pattern", p) for k, p in parts),
        ]
        for place, part in places:
            pattern = part.get("pattern") or ""
            if _NESTED_QUANTIFIER.search(pattern) or BoundedRegex(pattern).is_slow:
                yield Issue(place, "This can take very long on some texts, which then count as no match.")


def _find_unavailable_tools(document: Document) -> Iterator[Issue]:
    for owner in iter_tool_owners(document):
        for path, tool in iter_objects(owner.value, "tools", owner.path):
            if tool.get("type") == "mcp" and (reason := unavailable_reason(tool.get("server"))):
                yield Issue(path, reason)


def _find_excessive_timeouts(document: Document) -> Iterator[Issue]:
    tools = (iter_objects(owner.value, "tools", owner.path) for owner in iter_tool_owners(document))
    for path, part in (*iter_actions(document), *chain.from_iterable(tools)):
        if part.get("timeout", 0) > MAX_TIMEOUT_SECONDS:
            yield Issue(f"{path}.timeout", f"No call takes longer than {MAX_TIMEOUT_SECONDS} seconds here.")


def _find_unreachable_nodes(document: Document) -> Iterator[Issue]:
    targets = {
        node.value.get("id"): {edge.value.get("target_node_id") for edge in iter_objects(node.value, "edges")}
        for node in iter_objects(document, "nodes")
    }
    todo = [
        document.get("initial_node"),
        *(e.value.get("target_node_id") for e in iter_objects(document, "global_edges")),
    ]
    reached: set[object] = set()
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(targets.get(name, ()))
    for path, node in iter_objects(document, "nodes"):
        if node.get("id") not in reached:
            yield Issue(path, f"No edge leads to “{node.get('id')}”.")


def _find_dead_ends(document: Document) -> Iterator[Issue]:
    # a node that only global edges lead to needs no edge: the conversation returns to where it was
    entered = {document.get("initial_node")}
    for node in iter_objects(document, "nodes"):
        entered |= {edge.value.get("target_node_id") for edge in iter_objects(node.value, "edges", node.path)}
    for path, part in iter_objects(document, "nodes"):
        ends = (
            part.get("is_final")
            or part.get("hand_off")
            or part.get("opt_out")
            or part.get("node_type") == "final"
        )
        if (
            not ends
            and part.get("id") in entered
            and not any(_is_regular_exit(e.value) for e in iter_objects(part, "edges"))
        ):
            yield Issue(path, f"The conversation cannot leave “{part.get('id')}”, and it is not final.")
