"""Compiles edges: condition, slots, patterns, keywords and examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import JsonValue

from flows.compiled.commitments import find_committing_nodes, has_side_effect
from flows.compiled.conditions import Condition, parse_condition
from flows.document import Edge, Flow, Node
from flows.nlu import TfidfVectorizer, Vector, answer_vocabulary, cosine_similarity, expects_consent
from flows.slots import Slot, accepts_any_text, slots_from_schema
from flows.templating import Guard, TextTemplate
from flows.text import BoundedRegex, tokenize

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_RESERVED_NAMES = frozenset(
    ("name", "current_time", "current_date", "current_language", "current_time_Asia_Kolkata")
)
_RESERVED_NAMESPACES = frozenset(("env", "userdata", "actions"))


@dataclass(frozen=True, slots=True)
class EdgeExamples:
    """Example messages of an edge; all edges of a flow share one vectorizer."""

    vectorizer: TfidfVectorizer
    vectors: tuple[Vector, ...]

    def __bool__(self) -> bool:
        return bool(self.vectors)

    def max_similarity(self, vector: Vector) -> float:
        """Return the similarity of a text to the nearest example, 0 to 1."""
        return max((cosine_similarity(vector, example) for example in self.vectors), default=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class CompiledEdge:
    """A compiled edge; two edges are never equal.

    `inferred_slots` are named only in the target's text: read if the user gives them, but never asked for.
    `commits` is set when the edge leads to something irreversible, `takes_yes` and `takes_no` when a yes or a
    no is among its keywords, or a yes in its condition. `is_answer` is set when the target only sends a text,
    so that the dialog returns from it. `data_condition` is the edge's condition if the data alone can decide
    it. `leads_to_hand_off` is set when the target hands off to an agent.
    """

    id: str
    target: str
    condition: TextTemplate
    edge: Edge
    slots: tuple[Slot, ...]
    inferred_slots: tuple[Slot, ...]
    data_condition: Condition | None
    keywords: tuple[tuple[str, ...], ...]
    examples: EdgeExamples
    pattern: BoundedRegex | None
    guard: Guard | None
    leads_to_hand_off: bool
    commits: bool
    takes_yes: bool
    takes_no: bool
    is_answer: bool
    parameters_schema: Mapping[str, JsonValue]


class CompileContext(NamedTuple):
    """Context for compiling edges: language, nodes by id, names of all data and of the environment.

    `committing_nodes` do something irreversible when they are entered; `methods` are those of the actions.
    """

    language: str
    nodes: Mapping[str, Node]
    data_names: frozenset[str]
    environment_names: frozenset[str]
    committing_nodes: frozenset[str]
    methods: Mapping[str, str]


def compile_context(flow: Flow, language: str) -> CompileContext:
    """Return the context for compiling the edges of a flow."""
    return CompileContext(
        language,
        {node.id: node for node in flow.nodes},
        collect_data_names(flow),
        frozenset(flow.environment_variables),
        find_committing_nodes(flow),
        {action.id: (action.method or "GET").upper() for action in flow.actions},
    )


def compile_edges(
    edges: Iterable[Edge], context: CompileContext, shared: TfidfVectorizer
) -> tuple[CompiledEdge, ...]:
    """Compile the edges that have a target; all edges of a flow share one vectorizer."""
    return tuple(
        _compile_edge(edge, edge.target_node_id, context, shared) for edge in edges if edge.target_node_id
    )


def edges_with_criteria(node: Node) -> tuple[Edge, ...]:
    """Return the node's edges; a criterion that none of them collects is an optional text slot of each."""
    learnt = {slot.name for edge in node.edges for slot in slots_from_schema(edge.input_schema)}
    missing: dict[str, JsonValue] = {
        criterion.key: {"type": "string", "description": criterion.description or criterion.key}
        for criterion in node.completion_criteria or ()
        if criterion.required and criterion.key not in learnt
    }
    return tuple(_with_properties(edge, missing) if missing else edge for edge in node.edges)


def _with_properties(edge: Edge, properties: Mapping[str, JsonValue]) -> Edge:
    if edge.is_fallback:
        return edge
    schema: Mapping[str, JsonValue] = edge.input_schema or {"type": "object"}
    own = schema.get("properties")
    both = {**(own if isinstance(own, dict) else {}), **properties}
    return edge.model_copy(update={"input_schema": {**schema, "properties": both}})


def _compile_edge(edge: Edge, target: str, context: CompileContext, shared: TfidfVectorizer) -> CompiledEdge:
    vocabulary, words = answer_vocabulary(context.language), _keyword_words(edge)
    slots = _edge_slots(edge, context.language)
    is_by_condition = all(not slot.required and accepts_any_text(slot) for slot in slots)
    has_evidence = bool(edge.keywords or edge.examples or edge.pattern or not is_by_condition)
    return CompiledEdge(
        id=edge.id,
        target=target,
        condition=TextTemplate(edge.condition, "prompt"),
        edge=edge,
        slots=slots,
        inferred_slots=_infer_slots(edge, context),
        data_condition=parse_condition(edge.condition, context.data_names),
        keywords=tuple(filter(None, (tokenize(keyword) for keyword in edge.keywords))),
        examples=EdgeExamples(shared, tuple(shared.vectorize(example) for example in edge.examples)),
        pattern=BoundedRegex(edge.pattern, ignore_case=True) if edge.pattern else None,
        guard=Guard(edge.guard) if edge.guard else None,
        leads_to_hand_off=context.nodes[target].hand_off,
        commits=target in context.committing_nodes or has_side_effect(edge.actions or (), context.methods),
        takes_yes=bool(words & (vocabulary.yes | {"y"}))
        or (not has_evidence and expects_consent(edge.condition)),
        is_answer=_has_only_text(context.nodes[target]),
        takes_no=bool(words & vocabulary.no),
        parameters_schema=_parameters_schema(edge, context),
    )


def _has_only_text(node: Node) -> bool:
    """Return whether a node has a text of its own, and neither edges nor actions."""
    ends = node.is_final or node.hand_off or node.opt_out
    return bool(node.static_text) and not (ends or node.edges or node.actions or node.choices)


def _keyword_words(edge: Edge) -> set[str]:
    """Return the keywords that are one word."""
    phrases = map(tokenize, edge.keywords)
    return {words[0] for words in phrases if len(words) == 1}


def _edge_slots(edge: Edge, language: str) -> tuple[Slot, ...]:
    """Return the slots of the edge's schema and of its pattern's named groups."""
    slots = slots_from_schema(edge.input_schema, language)
    groups = BoundedRegex(edge.pattern).group_names if edge.pattern else ()
    others = {name: {"type": "string"} for name in groups if name not in {slot.name for slot in slots}}
    return slots + slots_from_schema({"properties": others}, language)


def _parameters_schema(edge: Edge, context: CompileContext) -> Mapping[str, JsonValue]:
    """Return the edge's schema for the model, without `x-` extension keys, which some servers reject."""
    inferred: JsonValue = {slot.name: {"type": "string"} for slot in _infer_slots(edge, context)}
    return strip_extension_keys({"type": "object", **(edge.input_schema or {"properties": inferred})})


def strip_extension_keys(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a JSON Schema without `x-` extension keys."""
    return {
        name: strip_extension_keys(part) if isinstance(part, dict) else part
        for name, part in schema.items()
        if not name.startswith("x-")
    }


def _infer_slots(edge: Edge, context: CompileContext) -> tuple[Slot, ...]:
    """Return slots for an edge without a schema: variables in its target's instruction and condition."""
    if edge.input_schema or not edge.target_node_id:
        return ()
    text = f"{context.nodes[edge.target_node_id].instruction or ''} {edge.condition}"
    names = dict.fromkeys(_VARIABLE.findall(text))
    refused = _RESERVED_NAMES | _RESERVED_NAMESPACES | context.environment_names
    return slots_from_schema(
        {"properties": {name: {"type": "string"} for name in names if name not in refused}}
    )


def collect_data_names(flow: Flow) -> frozenset[str]:
    """Return every name that values of the dialog can have."""
    edges = [*flow.global_edges, *(edge for node in flow.nodes for edge in node.edges)]
    slot_names = {slot.name for edge in edges for slot in slots_from_schema(edge.input_schema)}
    stored = {action.store_response_as for action in flow.actions if action.store_response_as}
    copied = {update.env_key for action in flow.actions for update in action.env_updates}
    return frozenset(slot_names | stored | copied | set(flow.environment_variables))
