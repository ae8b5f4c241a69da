"""The export of a React Flow editor, turned into the native document.

What that export cannot carry (actions, environment, global edges, tools, node types) is left out and named.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from flows.document.errors import Problem
from flows.document.validation.validator import EDGE_ID, RESERVED

Json = Mapping[str, Any]

_PROMPT = ("systemPrompt", "system_prompt")
_IN_CONFIG = ("initialNodeId", "initial_node_id")
_AT_TOP = ("initialNodeId", "initial_node_id", "initialNode", "initial_node", "startNodeId")
_PLAIN_EDGE_KEYS = ("actions", "criteria", "guard")
_EDGE_KEYS = (*_PLAIN_EDGE_KEYS, "condition", "input_schema", "inputSchema", "is_fallback", "isFallback")
_NODE_KEYS = (
    *("name", "label", "instruction", "instructions", "static_text", "staticResponse"),
    *("responseMode", "isFinal", "is_final"),
)
_TOP_KEYS = ("nodes", "edges", "config", "globalConfig", "viewport", "$schema", *_PROMPT, *_AT_TOP)
_KINDS = ("router", "instruction", "static", "final")
_EDGE_PATH = re.compile(r"nodes\[\d+\]\.edges\[\d+\]")
_LEFT_OUT = "An export of React Flow carries nodes, texts and edges only: this is left out."


class Native(NamedTuple):
    """An export in the native shape, not checked yet.

    `places` tells of an edge's path where it stands in the export, `lost` what cannot be carried over.
    """

    document: dict[str, Any]
    places: Mapping[str, str]
    lost: tuple[Problem, ...]


def is_export(document: Json) -> bool:
    """Whether a document is such an export and not a native one."""
    if "initialNodeId" in document or "initialNodeId" in _mapping(document.get("config")):
        return True
    edges = _objects(document.get("edges"))
    return bool(edges) and "source" in edges[0] and "target" in edges[0]


def native(document: Json) -> Native:
    """The same flow in the native shape."""
    config, nodes = _mapping(document.get("config")), _objects(document.get("nodes"))
    prompts = [(config, "systemPrompt"), (document, "systemPrompt")]
    prompts += [(config, "system_prompt"), (document, "system_prompt")]
    prompts += [(_mapping(document.get("globalConfig")), key) for key in _PROMPT]
    starts: list[tuple[Json, str]] = [(config, "initialNodeId"), (document, "initialNodeId")]
    starts += [(config, "initial_node_id"), *((document, key) for key in _AT_TOP[1:])]
    numbers = {str(node.get("id")): number for number, node in enumerate(nodes)}
    leaving: dict[str, list[dict[str, Any]]] = {name: [] for name in numbers}
    places: dict[str, str] = {}
    edges = _with_names(_objects(document.get("edges")))
    for index, edge in enumerate(edges):
        if (source := str(edge.get("source"))) in numbers:
            places[f"nodes[{numbers[source]}].edges[{len(leaving[source])}]"] = f"edges[{index}]"
            leaving[source].append(_edge(edge))
    made = {
        "system_prompt": _first(prompts) or "",
        "initial_node": _first(starts) or (nodes[0].get("id") if nodes else ""),
        "nodes": [_node(node, leaving[str(node.get("id"))]) for node in nodes],
    }
    return Native(made, places, tuple(_lost(document, nodes, edges, numbers)))


def place_in_export(path: str, places: Mapping[str, str]) -> str:
    """A path in the native document as it is in the export."""
    if (match := _EDGE_PATH.match(path)) and match[0] in places:
        return places[match[0]] + path[match.end() :].replace("target_node_id", "target")
    return path


def _lost(document: Json, nodes: list[Json], edges: list[Json], known: Collection[str]) -> Iterator[Problem]:
    yield from (Problem(key, _LEFT_OUT) for key in document if key not in _TOP_KEYS)
    for index, node in enumerate(nodes):
        if node.get("type") in _KINDS:  # any other is the name of how it is drawn
            yield Problem(f"nodes[{index}].type", _LEFT_OUT)
        for key in _mapping(node.get("data")):
            if key not in _NODE_KEYS:
                yield Problem(f"nodes[{index}].data.{key}", _LEFT_OUT)
    for index, edge in enumerate(edges):
        if (source := str(edge.get("source"))) not in known:
            yield Problem(f"edges[{index}].source", f"There is no node “{source}”: this edge is left out.")
        for key in _mapping(edge.get("data")):
            if key not in _EDGE_KEYS:
                yield Problem(f"edges[{index}].data.{key}", _LEFT_OUT)


def _with_names(edges: list[Json]) -> list[Json]:
    """The edges with ids that a model can call: what an editor makes up, such as “e1.a→b”, is put right."""
    names = [edge.get("id") for edge in edges]
    taken = {RESERVED, *filter(_is_callable, names)}
    made: list[Json] = []
    for edge, name in zip(edges, names, strict=True):
        if isinstance(name, str) and name and not _is_callable(name):
            made.append({**edge, "id": _callable(name, taken)})
            taken.add(made[-1]["id"])
        else:
            made.append(edge)
    return made


def _is_callable(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and name != RESERVED and EDGE_ID.fullmatch(name) is not None


def _callable(name: str, taken: Collection[str]) -> str:
    made = re.sub(r"[^A-Za-z0-9_-]+", "_", name)
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return made if len(made) <= 64 and made not in taken else f"{made[:55]}_{digest}"


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
