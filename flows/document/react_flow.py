"""Conversion of a React Flow export to the native document.

Parts that have no place in such an export (actions, environment, global edges, tools, node types) are missing
and named.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from flows.document.errors import Issue
from flows.document.validation import EDGE_ID, STAY_FUNCTION_ID

JsonObject = Mapping[str, Any]

_PROMPT_KEYS = ("systemPrompt", "system_prompt")
_TOP_LEVEL_START_KEYS = ("initialNodeId", "initial_node_id", "initialNode", "initial_node", "startNodeId")
_COPIED_EDGE_KEYS = ("actions", "criteria", "guard")
_EDGE_KEYS = (*_COPIED_EDGE_KEYS, "condition", "input_schema", "inputSchema", "is_fallback", "isFallback")
_NODE_KEYS = (
    *("name", "label", "instruction", "instructions", "static_text", "staticResponse"),
    *("responseMode", "isFinal", "is_final"),
)
_TOP_LEVEL_KEYS = (
    "nodes",
    "edges",
    "config",
    "globalConfig",
    "viewport",
    "$schema",
    *_PROMPT_KEYS,
    *_TOP_LEVEL_START_KEYS,
)
_NODE_TYPES = ("router", "instruction", "static", "final")
_EDGE_PATH = re.compile(r"nodes\[\d+\]\.edges\[\d+\]")
_UNSUPPORTED_MESSAGE = "An export of React Flow carries nodes, texts and edges only: this is left out."


class ConvertedFlow(NamedTuple):
    """An export in the native format, not validated yet.

    `places` maps the paths of edges to their paths in the export, `lost` names what cannot be carried over.
    """

    document: dict[str, Any]
    path_map: Mapping[str, str]
    unsupported: tuple[Issue, ...]


def is_react_flow(document: JsonObject) -> bool:
    """Return whether a document is a React Flow export."""
    if "initialNodeId" in document or "initialNodeId" in _as_mapping(document.get("config")):
        return True
    edges = _as_object_list(document.get("edges"))
    return bool(edges) and "source" in edges[0] and "target" in edges[0]


def convert_react_flow(document: JsonObject) -> ConvertedFlow:
    """Convert an export to the native format."""
    config, nodes = _as_mapping(document.get("config")), _as_object_list(document.get("nodes"))
    prompts = [(config, "systemPrompt"), (document, "systemPrompt")]
    prompts += [(config, "system_prompt"), (document, "system_prompt")]
    prompts += [(_as_mapping(document.get("globalConfig")), key) for key in _PROMPT_KEYS]
    starts: list[tuple[JsonObject, str]] = [(config, "initialNodeId"), (document, "initialNodeId")]
    starts += [(config, "initial_node_id"), *((document, key) for key in _TOP_LEVEL_START_KEYS[1:])]
    numbers = {str(node.get("id")): number for number, node in enumerate(nodes)}
    leaving: dict[str, list[dict[str, Any]]] = {name: [] for name in numbers}
    places: dict[str, str] = {}
    edges = _with_callable_ids(_as_object_list(document.get("edges")))
    for index, edge in enumerate(edges):
        if (source := str(edge.get("source"))) in numbers:
            places[f"nodes[{numbers[source]}].edges[{len(leaving[source])}]"] = f"edges[{index}]"
            leaving[source].append(_convert_edge(edge))
    result = {
        "system_prompt": _first_non_blank(prompts) or "",
        "initial_node": _first_non_blank(starts) or (nodes[0].get("id") if nodes else ""),
        "nodes": [_convert_node(node, leaving[str(node.get("id"))]) for node in nodes],
    }
    return ConvertedFlow(result, places, tuple(_find_unsupported(document, nodes, edges, numbers)))


def to_export_path(path: str, places: Mapping[str, str]) -> str:
    """Return the path in the export of a path in the native document."""
    if (match := _EDGE_PATH.match(path)) and match[0] in places:
        return places[match[0]] + path[match.end() :].replace("target_node_id", "target")
    return path


def _find_unsupported(
    document: JsonObject, nodes: list[JsonObject], edges: list[JsonObject], known: Collection[str]
) -> Iterator[Issue]:
    yield from (Issue(key, _UNSUPPORTED_MESSAGE) for key in document if key not in _TOP_LEVEL_KEYS)
    for index, node in enumerate(nodes):
        if node.get("type") in _NODE_TYPES:  # any other value is a visual type
            yield Issue(f"nodes[{index}].type", _UNSUPPORTED_MESSAGE)
        for key in _as_mapping(node.get("data")):
            if key not in _NODE_KEYS:
                yield Issue(f"nodes[{index}].data.{key}", _UNSUPPORTED_MESSAGE)
    for index, edge in enumerate(edges):
        if (source := str(edge.get("source"))) not in known:
            yield Issue(f"edges[{index}].source", f"There is no node “{source}”: this edge is left out.")
        for key in _as_mapping(edge.get("data")):
            if key not in _EDGE_KEYS:
                yield Issue(f"edges[{index}].data.{key}", _UNSUPPORTED_MESSAGE)


def _with_callable_ids(edges: list[JsonObject]) -> list[JsonObject]:
    """Return the edges with ids that are valid function names; ids such as “e1.a→b” are replaced."""
    names = [edge.get("id") for edge in edges]
    taken = {STAY_FUNCTION_ID, *filter(_is_callable_id, names)}
    result: list[JsonObject] = []
    for edge, name in zip(edges, names, strict=True):
        if isinstance(name, str) and name and not _is_callable_id(name):
            result.append({**edge, "id": _make_callable_id(name, taken)})
            taken.add(result[-1]["id"])
        else:
            result.append(edge)
    return result


def _is_callable_id(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and name != STAY_FUNCTION_ID and EDGE_ID.fullmatch(name) is not None


def _make_callable_id(name: str, taken: Collection[str]) -> str:
    result = re.sub(r"[^A-Za-z0-9_-]+", "_", name)
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return result if len(result) <= 64 and result not in taken else f"{result[:55]}_{digest}"


def _convert_node(node: JsonObject, edges: list[dict[str, Any]]) -> dict[str, Any]:
    data = _as_mapping(node.get("data"))
    instruction = _first_non_blank([(data, "instructions"), (data, "instruction")])
    text = _first_non_blank([(data, "staticResponse"), (data, "static_text")])
    if (data.get("responseMode") or "static") == "llm":
        text = None if instruction else text
    else:
        instruction = None if text else instruction
    result = {
        "id": node.get("id"),
        "name": _first_non_blank([(data, "name"), (data, "label"), (node, "id")]),
        "instruction": instruction,
        "static_text": text,
        "is_final": _first_present([(data, "isFinal"), (data, "is_final")]),
        "edges": edges,
    }
    return _drop_none(result)


def _convert_edge(edge: JsonObject) -> dict[str, Any]:
    data = _as_mapping(edge.get("data"))
    result = {
        "id": edge.get("id"),
        "condition": _first_non_blank([(data, "condition"), (edge, "label")]) or "default",
        "target_node_id": edge.get("target"),
        "input_schema": _first_present(
            [(owner, key) for owner in (data, edge) for key in ("input_schema", "inputSchema")]
        ),
        "is_fallback": _first_present(
            [(owner, key) for owner in (data, edge) for key in ("is_fallback", "isFallback")]
        ),
    }
    result |= {key: _first_present([(data, key), (edge, key)]) for key in _COPIED_EDGE_KEYS}
    return _drop_none(result)


def _first_non_blank(places: list[tuple[JsonObject, str]]) -> Any:
    """Return the first value that is present and not blank."""
    for owner, key in places:
        value = owner.get(key)
        if isinstance(value, str):
            value = value.strip() and value
        if value:
            return value
    return None


def _first_present(places: list[tuple[JsonObject, str]]) -> Any:
    """Return the first value that is present, false included."""
    return next((owner[key] for owner, key in places if owner.get(key) is not None), None)


def _drop_none(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if value is not None}


def _as_mapping(value: object) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _as_object_list(value: object) -> list[JsonObject]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
