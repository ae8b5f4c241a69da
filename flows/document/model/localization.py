"""Localization: the same flow with the texts of another language."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Annotated, Any

from pydantic import Field, JsonValue

from flows.document.model.base import FlowModel
from flows.document.traversal import FALLBACK_FIELDS, Document
from flows.locales import PACK_LEXICONS, lexicon_for

_FLOW_TEXT_FIELDS = ("system_prompt", "closed_text", "unsupported_text")
_TEXT_FIELDS = ("static_text", "reprompt_text", "instruction")
_EXTENDED_FIELDS = ("keywords", "examples")


NonEmptyLabel = Annotated[str, Field(min_length=1)]
FallbackText = Annotated[str, Field(max_length=4_000)]


class LocalizedNode(FlowModel):
    """A node's texts in another language; missing texts stay untranslated.

    `choices` are the labels in the node's order; what a tap sends back stays the same. `timeout`,
    `on_undelivered`, `out_of_hours` and `remind` are the texts of these reactions.
    """

    static_text: str | None = None
    reprompt_text: str | None = None
    instruction: str | None = None
    choices: tuple[NonEmptyLabel, ...] | None = None
    timeout: FallbackText | None = None
    on_undelivered: FallbackText | None = None
    out_of_hours: FallbackText | None = None
    remind: FallbackText | None = None


class LocalizedEdge(FlowModel):
    """Additional keywords and examples of an edge; the flow's own stay, but short answers such as “y”."""

    keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


class LocalizedSlot(FlowModel):
    """A slot's description, its question, the country of phone numbers without a country code, and synonyms.

    `synonyms` are other names of an enum's values, by value. The others are texts of a slot of a `collect`
    node; `checks` are the sentences of its checks and `choices` the labels, in order.
    """

    description: str | None = None
    question: str | None = None
    region: str | None = None
    synonyms: Mapping[str, tuple[str, ...]] | None = None
    reprompt: str | None = None
    again: str | None = None
    corrected: str | None = None
    label: str | None = None
    keywords: tuple[str, ...] = ()
    choices: tuple[NonEmptyLabel, ...] = ()
    checks: tuple[str, ...] = ()


class Localization(FlowModel):
    """A flow's texts in one language: of nodes and edges by id, of slots by name."""

    system_prompt: str | None = None
    closed_text: str | None = None
    unsupported_text: str | None = None
    nodes: Mapping[str, LocalizedNode] = Field(default_factory=dict)
    edges: Mapping[str, LocalizedEdge] = Field(default_factory=dict)
    slots: Mapping[str, LocalizedSlot] = Field(default_factory=dict)


def localize(document: Document, code: str) -> dict[str, Any]:
    """Return the JSON document of a valid flow in one of its `languages`."""
    texts = document["languages"][code]
    result = {name: value for name, value in document.items() if name != "languages"}
    result |= {name: texts[name] for name in _FLOW_TEXT_FIELDS if texts.get(name) is not None}
    result["agent_language"] = code
    foreign = _foreign_answers(code)
    result["nodes"] = [_localize_node(node, texts, foreign) for node in document["nodes"]]
    global_edges = document.get("global_edges") or ()
    result["global_edges"] = [_localize_edge(edge, texts, foreign) for edge in global_edges]
    return result


def _foreign_answers(code: str) -> frozenset[str]:
    """Return the short answers of other languages that are another word here: “y” is the Spanish “and”."""
    short = frozenset().union(
        *(each.answers.yes_alone | each.answers.no_alone for each in PACK_LEXICONS.values())
    )
    own = lexicon_for(code)
    return (short & own.stop_words) - own.answers.yes_alone - own.answers.no_alone


def _localize_node(node: Document, texts: Document, foreign: Container[str]) -> dict[str, Any]:
    texts_of_part: Document = (texts.get("nodes") or {}).get(node["id"], {})
    result = dict(node)
    result |= {name: texts_of_part[name] for name in _TEXT_FIELDS if texts_of_part.get(name) is not None}
    if texts_of_part.get("choices") is not None:
        pairs = zip(node.get("choices") or (), texts_of_part["choices"], strict=False)
        result["choices"] = [_localize_choice(choice, label) for choice, label in pairs]
    for name in FALLBACK_FIELDS:
        if node.get(name) and texts_of_part.get(name):
            result[name] = {**node[name], "say": texts_of_part[name]}
    if node.get("remind") and texts_of_part.get("remind"):
        result["remind"] = {**node["remind"], "text": texts_of_part["remind"]}
    result["edges"] = [_localize_edge(edge, texts, foreign) for edge in node.get("edges") or ()]
    return result


def _localize_choice(choice: Any, label: str) -> dict[str, JsonValue]:
    before = choice if isinstance(choice, Mapping) else {"label": choice}
    return {**before, "label": label, "payload": before.get("payload") or before["label"]}


def _localize_edge(edge: Document, texts: Document, foreign: Container[str]) -> dict[str, Any]:
    texts_of_part: Document = (texts.get("edges") or {}).get(edge["id"], {})
    result = dict(edge)
    if edge.get("keywords"):
        result["keywords"] = [word for word in edge["keywords"] if str(word).strip().lower() not in foreign]
    for name in _EXTENDED_FIELDS:
        if texts_of_part.get(name):
            result[name] = [*(result.get(name) or ()), *texts_of_part[name]]
    slots: Document = texts.get("slots") or {}
    schema = edge.get("input_schema")
    if isinstance(schema, Mapping) and slots:
        properties = schema.get("properties") or {}
        named = {name: _localize_slot(part, slots.get(name) or {}) for name, part in properties.items()}
        result["input_schema"] = {**schema, "properties": named}
    return result


def _localize_slot(part: Document, texts: Document) -> dict[str, Any]:
    keys = {
        "description": "description",
        "x-question": "question",
        "x-region": "region",
        "x-synonyms": "synonyms",
    }
    overrides = {key: texts.get(name) for key, name in keys.items()}
    return {**part, **{name: value for name, value in overrides.items() if value is not None}}
