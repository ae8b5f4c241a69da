"""An edge made ready to be taken: its condition, slots, patterns and examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import JsonValue

from flows.compiled.conditions import Condition, condition_of
from flows.document.flow import Edge, Flow, Node
from flows.nlu.similarity import Measure, Vector, likeness
from flows.slots.slot import Slot, slots_of
from flows.templating.template import Guard, Text
from flows.text.bounded_regex import Pattern
from flows.text.tokens import words

_BARE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_RESERVED = frozenset(
    ("name", "current_time", "current_date", "current_language", "current_time_Asia_Kolkata")
)
_RESERVED_SPACES = frozenset(("env", "userdata", "actions"))


@dataclass(frozen=True, slots=True)
class Examples:
    """Sentences that mean an edge. All edges of a flow share one `measure`."""

    measure: Measure
    vectors: tuple[Vector, ...]

    def __bool__(self) -> bool:
        return bool(self.vectors)

    def likeness(self, vector: Vector) -> float:
        """How near a text comes to the nearest of them, 0 to 1."""
        return max((likeness(vector, example) for example in self.vectors), default=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class CompiledEdge:
    """An edge that can be taken; another one is never equal to it. `asks_for_person`: it leads to a hand-off.

    `inferred` are values that only its target's text names: welcome, but never asked for. `data` is its
    condition where the data decide on it.
    """

    id: str
    target: str
    condition: Text
    edge: Edge
    slots: tuple[Slot, ...]
    inferred: tuple[Slot, ...]
    data: Condition | None
    keywords: tuple[tuple[str, ...], ...]
    examples: Examples
    pattern: Pattern | None
    guard: Guard | None
    asks_for_person: bool
    parameters: Mapping[str, JsonValue]


class About(NamedTuple):
    """What edges are compiled with: its language, its nodes by id, the names of all data, the operator's."""

    language: str
    nodes: Mapping[str, Node]
    names: frozenset[str]
    environment: frozenset[str]


def edges_of(edges: Iterable[Edge], about: About, shared: Measure) -> tuple[CompiledEdge, ...]:
    """Those of the edges that lead somewhere; all edges of a flow share one measure of likeness."""
    return tuple(_edge(edge, edge.target_node_id, about, shared) for edge in edges if edge.target_node_id)


def _edge(edge: Edge, target: str, about: About, shared: Measure) -> CompiledEdge:
    return CompiledEdge(
        id=edge.id,
        target=target,
        condition=Text(edge.condition, "prompt"),
        edge=edge,
        slots=_slots(edge, about.language),
        inferred=_inferred(edge, about),
        data=condition_of(edge.condition, about.names),
        keywords=tuple(filter(None, (words(keyword) for keyword in edge.keywords))),
        examples=Examples(shared, tuple(shared.vector(example) for example in edge.examples)),
        pattern=Pattern(edge.pattern, any_case=True) if edge.pattern else None,
        guard=Guard(edge.guard) if edge.guard else None,
        asks_for_person=about.nodes[target].hand_off,
        parameters=_parameters(edge, about),
    )


def _slots(edge: Edge, language: str) -> tuple[Slot, ...]:
    """What the edge's schema names, and what its pattern's named groups do beside it."""
    slots = slots_of(edge.input_schema, language)
    groups = Pattern(edge.pattern).names if edge.pattern else ()
    others = {name: {"type": "string"} for name in groups if name not in {slot.name for slot in slots}}
    return slots + slots_of({"properties": others}, language)


def _parameters(edge: Edge, about: About) -> Mapping[str, JsonValue]:
    """The edge's schema as a model gets it; without our own `x-` keys, which some servers refuse."""
    inferred: JsonValue = {slot.name: {"type": "string"} for slot in _inferred(edge, about)}
    return plain_schema({"type": "object", **(edge.input_schema or {"properties": inferred})})


def plain_schema(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """A JSON Schema without the keys that are ours."""
    return {
        name: plain_schema(part) if isinstance(part, dict) else part
        for name, part in schema.items()
        if not name.startswith("x-")
    }


def _inferred(edge: Edge, about: About) -> tuple[Slot, ...]:
    """For an edge without a schema: the names in its target's instruction and in its own condition."""
    if edge.input_schema or not edge.target_node_id:
        return ()
    text = f"{about.nodes[edge.target_node_id].instruction or ''} {edge.condition}"
    names = dict.fromkeys(_BARE.findall(text))
    refused = _RESERVED | _RESERVED_SPACES | about.environment
    return slots_of({"properties": {name: {"type": "string"} for name in names if name not in refused}})


def names_of(flow: Flow) -> frozenset[str]:
    """Every name that the data of a conversation can have."""
    edges = [*flow.global_edges, *(edge for node in flow.nodes for edge in node.edges)]
    learnt = {slot.name for edge in edges for slot in slots_of(edge.input_schema)}
    stored = {action.store_response_as for action in flow.actions if action.store_response_as}
    copied = {update.env_key for action in flow.actions for update in action.env_updates}
    return frozenset(learnt | stored | copied | set(flow.environment_variables))
