"""The export of a React Flow editor, turned into the native document.

What that export cannot carry (actions, environment, global edges, tools, node types) is not there to be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_PROMPT = ("systemPrompt", "system_prompt")
_IN_CONFIG = ("initialNodeId", "initial_node_id")
_AT_TOP = ("initialNodeId", "initial_node_id", "initialNode", "initial_node", "startNodeId")
_PLAIN_EDGE_KEYS = ("actions", "criteria", "guard")


def is_export(document: Json) -> bool:
    """Whether a document is such an export and not a native one."""
    if "initialNodeId" in document or "initialNodeId" in _mapping(document.get("config")):
        return True
    edges = _objects(document.get("edges"))
    return bool(edges) and "source" in edges[0] and "target" in edges[0]


def native(document: Json) -> dict[str, Any]:
    """The same flow in the native shape, not checked yet."""
    config, nodes = _mapping(document.get("config")), _objects(document.get("nodes"))
    places = [(config, "systemPrompt"), (document, "systemPrompt")]
    places += [(config, "system_prompt"), (document, "system_prompt")]
    places += [(_mapping(document.get("globalConfig")), key) for key in _PROMPT]
    starts: list[tuple[Json, str]] = [(config, "initialNodeId"), (document, "initialNodeId")]
    starts += [(config, "initial_node_id"), *((document, key) for key in _AT_TOP[1:])]
    leaving: dict[Any, list[dict[str, Any]]] = {}
    for edge in _objects(document.get("edges")):
        leaving.setdefault(edge.get("source"), []).append(_edge(edge))
    return {
        "system_prompt": _first(places) or "",
        "initial_node": _first(starts) or (nodes[0].get("id") if nodes else ""),
        "nodes": [_node(node, leaving.get(node.get("id"), [])) for node in nodes],
    }


def _node(node: Json, edges: list[dict[str, Any]]) -> dict[str, Any]:
    data = _mapping(node.get("data"))
    instruction = _first([(data, "instructions"), (data, "instruction")])
    text = _first([(data, "staticResponse"), (data, "static_text")])
    if (data.get("responseMode") or "static") == "llm":
        text = None if instruction else text
    else:
        instruction = None if text else instruction
    made = {
        "id": node.get("id"),
        "name": _first([(data, "name"), (data, "label"), (node, "id")]),
        "instruction": instruction,
        "static_text": text,
        "is_final": _set([(data, "isFinal"), (data, "is_final")]),
        "edges": edges,
    }
    return _without_none(made)


def _edge(edge: Json) -> dict[str, Any]:
    data = _mapping(edge.get("data"))
    made = {
        "id": edge.get("id"),
        "condition": _first([(data, "condition"), (edge, "label")]) or "default",
        "target_node_id": edge.get("target"),
        "input_schema": _set(
            [(owner, key) for owner in (data, edge) for key in ("input_schema", "inputSchema")]
        ),
        "is_fallback": _set(
            [(owner, key) for owner in (data, edge) for key in ("is_fallback", "isFallback")]
        ),
    }
    made |= {key: _set([(data, key), (edge, key)]) for key in _PLAIN_EDGE_KEYS}
    return _without_none(made)


def _first(places: list[tuple[Json, str]]) -> Any:
    """The first value that is there and not blank."""
    for owner, key in places:
        value = owner.get(key)
        if isinstance(value, str):
            value = value.strip() and value
        if value:
            return value
    return None


def _set(places: list[tuple[Json, str]]) -> Any:
    """The first value that is there at all, false included."""
    return next((owner[key] for owner, key in places if owner.get(key) is not None), None)


def _without_none(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if value is not None}


def _mapping(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _objects(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
