"""A flow in another language: the same graph with other texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, JsonValue

from flows.document.base import Part
from flows.document.traversal import RESORTS, Document

_TEXTS = ("static_text", "reprompt_text", "instruction")
_ADDED = ("keywords", "examples")


Label = Annotated[str, Field(min_length=1)]
Said = Annotated[str, Field(max_length=4_000)]


class NodeTexts(Part):
    """What a node says in another language; what is missing stays as it is.

    `choices` are the labels in the node's order; what a tap sends back stays the same. `timeout`,
    `on_undelivered` and `out_of_hours` are what these say.
    """

    static_text: str | None = None
    reprompt_text: str | None = None
    instruction: str | None = None
    choices: tuple[Label, ...] | None = None
    timeout: Said | None = None
    on_undelivered: Said | None = None
    out_of_hours: Said | None = None


class EdgeWords(Part):
    """What else an edge is taken by; the flow's own keywords and examples stay."""

    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


class SlotWords(Part):
    """What a slot is called, the question for it, and the country of a number that names none."""

    description: str | None = None
    question: str | None = None
    region: str | None = None


class Translation(Part):
    """A flow's texts in one language: of nodes and edges by id, of slots by name."""

    system_prompt: str | None = None
    closed_text: str | None = None
    nodes: Mapping[str, NodeTexts] = Field(default_factory=dict)
    edges: Mapping[str, EdgeWords] = Field(default_factory=dict)
    slots: Mapping[str, SlotWords] = Field(default_factory=dict)


def translated(document: Document, code: str) -> dict[str, Any]:
    """A flow's document, as plain JSON of a sound flow, in one of its `languages`."""
    texts = document["languages"][code]
    made = {name: value for name, value in document.items() if name != "languages"}
    made |= {name: texts[name] for name in ("system_prompt", "closed_text") if texts.get(name) is not None}
    made["agent_language"] = code
    made["nodes"] = [_node(node, texts) for node in document["nodes"]]
    made["global_edges"] = [_edge(edge, texts) for edge in document.get("global_edges") or ()]
    return made


def _node(node: Document, texts: Document) -> dict[str, Any]:
    own: Document = (texts.get("nodes") or {}).get(node["id"], {})
    made = dict(node)
    made |= {name: own[name] for name in _TEXTS if own.get(name) is not None}
    if own.get("choices") is not None:
        pairs = zip(node.get("choices") or (), own["choices"], strict=False)
        made["choices"] = [_choice(choice, label) for choice, label in pairs]
    for name in RESORTS:
        if node.get(name) and own.get(name):
            made[name] = {**node[name], "say": own[name]}
    made["edges"] = [_edge(edge, texts) for edge in node.get("edges") or ()]
    return made


def _choice(choice: Any, label: str) -> dict[str, JsonValue]:
    before = choice if isinstance(choice, Mapping) else {"label": choice}
    return {**before, "label": label, "payload": before.get("payload") or before["label"]}


def _edge(edge: Document, texts: Document) -> dict[str, Any]:
    own: Document = (texts.get("edges") or {}).get(edge["id"], {})
    made = dict(edge)
    for name in _ADDED:
        if own.get(name):
            made[name] = [*(edge.get(name) or ()), *own[name]]
    slots: Document = texts.get("slots") or {}
    schema = edge.get("input_schema")
    if isinstance(schema, Mapping) and slots:
        properties = schema.get("properties") or {}
        named = {name: _slot(part, slots.get(name) or {}) for name, part in properties.items()}
        made["input_schema"] = {**schema, "properties": named}
    return made


def _slot(part: Document, texts: Document) -> dict[str, Any]:
    keys = {"description": "description", "x-question": "question", "x-region": "region"}
    known = {key: texts.get(name) for key, name in keys.items()}
    return {**part, **{name: value for name, value in known.items() if value is not None}}
