"""A flow made ready to run: tables, templates and patterns, built once and shared by all sessions."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flows.document import Edge, Flow, Node
from flows.likeness import Measure, Vector, likeness, measure
from flows.slots import Slot, slots_of
from flows.speech import kind_of, language_code, proceeds
from flows.templates import Guard, Text
from flows.words import words


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


@dataclass(frozen=True, slots=True)
class CompiledEdge:
    """An edge that can be taken. `asks_for_person` says that it leads to a hand-off."""

    id: str
    target: str
    condition: Text
    edge: Edge
    slots: tuple[Slot, ...]
    keywords: tuple[tuple[str, ...], ...]
    examples: Examples
    pattern: re.Pattern[str] | None
    guard: Guard | None
    asks_for_person: bool


@dataclass(frozen=True, slots=True)
class CompiledNode:
    """A node with its texts. `returns` says that nothing leads on from it: an interrupt ends here."""

    id: str
    kind: str
    node: Node
    text: Text | None
    reprompt: Text | None
    instruction: Text | None
    labels: tuple[Text, ...]
    edges: tuple[CompiledEdge, ...]
    auto_proceed: bool
    returns: bool

    @property
    def is_final(self) -> bool:
        return self.kind == "final"

    @property
    def is_router(self) -> bool:
        return self.kind == "router"


@dataclass(frozen=True, slots=True)
class CompiledFlow:
    """The whole flow. Nothing in it changes."""

    nodes: Mapping[str, CompiledNode]
    initial: CompiledNode
    global_edges: tuple[CompiledEdge, ...]
    prompt: Text
    environment: Mapping[str, str]
    language: str
    after_final: str
    closed_text: Text


_ready: dict[int, CompiledFlow] = {}


def compiled(flow: Flow) -> CompiledFlow:
    """The compiled form of `flow`: made at the first call, the same object at every other."""
    key = id(flow)
    if key not in _ready:
        _ready[key] = _compile(flow)
        weakref.finalize(flow, _ready.pop, key, None)
    return _ready[key]


def _compile(flow: Flow) -> CompiledFlow:
    by_id = {node.id: node for node in flow.nodes}
    edges = [*flow.global_edges, *(edge for node in flow.nodes for edge in node.edges)]
    shared = measure(example for edge in edges for example in edge.examples)
    nodes = {name: _node(node, by_id, shared) for name, node in by_id.items()}
    return CompiledFlow(
        nodes=MappingProxyType(nodes),
        initial=nodes[flow.initial_node],
        global_edges=_edges(flow.global_edges, by_id, shared),
        prompt=Text(flow.system_prompt),
        environment=MappingProxyType(dict(flow.environment_variables)),
        language=language_code(flow.agent_language),
        after_final=flow.after_final,
        closed_text=Text(flow.closed_text or "This conversation is closed. Thank you for writing."),
    )


def _node(node: Node, by_id: Mapping[str, Node], shared: Measure) -> CompiledNode:
    edges = _edges(node.edges, by_id, shared)
    kind = kind_of(node)
    return CompiledNode(
        id=node.id,
        kind=kind,
        node=node,
        text=Text(node.static_text) if node.static_text else None,
        reprompt=Text(node.reprompt_text) if node.reprompt_text else None,
        instruction=Text(node.instruction) if node.instruction else None,
        labels=tuple(Text(choice.label) for choice in node.choices),
        edges=edges,
        auto_proceed=proceeds(node) and kind != "final",
        returns=kind != "final" and not node.hand_off and all(edge.edge.is_fallback for edge in edges),
    )


def _edges(edges: Iterable[Edge], by_id: Mapping[str, Node], shared: Measure) -> tuple[CompiledEdge, ...]:
    return tuple(
        CompiledEdge(
            id=edge.id,
            target=edge.target_node_id,
            condition=Text(edge.condition),
            edge=edge,
            slots=slots_of(edge.input_schema),
            keywords=tuple(filter(None, (words(keyword) for keyword in edge.keywords))),
            examples=Examples(shared, tuple(shared.vector(example) for example in edge.examples)),
            pattern=re.compile(edge.pattern, re.IGNORECASE) if edge.pattern else None,
            guard=Guard(edge.guard) if edge.guard else None,
            asks_for_person=by_id[edge.target_node_id].hand_off,
        )
        for edge in edges
        if edge.target_node_id
    )
