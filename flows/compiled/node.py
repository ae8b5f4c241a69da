"""Compiled node of a flow, and the digest of its question."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from flows.compiled.edge import CompileContext, CompiledEdge, compile_edges, edges_with_criteria
from flows.compiled.instructions import auto_proceeds, node_type
from flows.compiled.lookahead import SpeculativeReply, build_speculative_replies
from flows.document import FALLBACK_FIELDS, ActionTrigger, Node
from flows.nlu import TfidfVectorizer
from flows.templating import TextTemplate


@dataclass(frozen=True, slots=True)
class CompiledNode:
    """A compiled node.

    `version` is a digest that changes when the node's question changes. `available_edges` are its own edges
    and, if it may be interrupted, the global ones that they do not shadow; with `has_only_open_edges` none of
    them can be closed by the data. `is_decided_by_data` says that the data alone decide between its own
    edges. `conditions` are those of `available_edges`, if none of them contains a value.
    `speculative_replies` are the edges for which the model may write the target's reply ahead. With
    `returns_from_interrupt` the node has no edges, so that an interrupt ends here.
    """

    id: str
    version: str
    kind: str
    node: Node
    text: TextTemplate | None
    reprompt: TextTemplate | None
    instruction: TextTemplate | None
    labels: tuple[TextTemplate, ...]
    edges: tuple[CompiledEdge, ...]
    auto_proceed: bool
    returns_from_interrupt: bool
    available_edges: tuple[CompiledEdge, ...]
    has_only_open_edges: bool
    is_decided_by_data: bool
    conditions: tuple[str, ...] | None
    speculative_replies: tuple[SpeculativeReply, ...]
    on_enter: tuple[ActionTrigger, ...]
    on_exit: tuple[ActionTrigger, ...]

    @property
    def is_final(self) -> bool:
        return self.kind == "final"

    @property
    def is_router(self) -> bool:
        return self.kind == "router"


def compile_node(
    node: Node, context: CompileContext, shared: TfidfVectorizer, global_edges: tuple[CompiledEdge, ...]
) -> CompiledNode:
    """Compile a node; `shared` is fitted to the examples of all edges."""
    edges = compile_edges(edges_with_criteria(node), context, shared)
    kind = node_type(node)
    available = edges
    if node.interruptible and kind not in ("final", "router"):
        own_ids = {edge.id for edge in edges}
        available += tuple(edge for edge in global_edges if edge.id not in own_ids and edge.target != node.id)
    chosen = [edge for edge in edges if not edge.edge.is_fallback]
    return CompiledNode(
        id=node.id,
        version=_node_version(node),
        kind=kind,
        node=node,
        text=TextTemplate(node.static_text, "message") if node.static_text else None,
        reprompt=TextTemplate(node.reprompt_text, "message") if node.reprompt_text else None,
        instruction=TextTemplate(node.instruction, "prompt") if node.instruction else None,
        labels=tuple(TextTemplate(choice.label) for choice in node.choices),
        edges=edges,
        auto_proceed=auto_proceeds(node) and kind != "final",
        returns_from_interrupt=kind != "final" and not node.hand_off and not chosen,
        available_edges=available,
        has_only_open_edges=not any(edge.guard or edge.data_condition for edge in available),
        is_decided_by_data=bool(chosen) and all(map(_is_decided_by_data, chosen)),
        conditions=_static_conditions(available),
        speculative_replies=build_speculative_replies(
            node, [edge.edge for edge in available], context.nodes, context.language
        ),
        on_enter=tuple(trigger for trigger in node.actions if trigger.trigger == "on_enter"),
        on_exit=tuple(trigger for trigger in node.actions if trigger.trigger == "on_exit"),
    )


def _static_conditions(edges: Iterable[CompiledEdge]) -> tuple[str, ...] | None:
    texts = [edge.condition.static_text for edge in edges]
    plain = tuple(text for text in texts if text is not None)
    return plain if len(plain) == len(texts) else None


def _is_decided_by_data(edge: CompiledEdge) -> bool:
    return edge.data_condition is not None and not any(slot.required for slot in edge.slots)


_FIELDS_OUTSIDE_VERSION = {
    "name",
    "actions",
    "max_turns",
    "media",
    "on_reaction",
    "outside_window",
    "part_of",
    "remind",
    "was",
    "template",
    *FALLBACK_FIELDS,
}


def _node_version(node: Node) -> str:
    """Return a digest of the node's question and of its possible answers."""
    return digest(node.model_dump_json(exclude_unset=True, exclude=_FIELDS_OUTSIDE_VERSION))


def digest(text: str) -> str:
    """Return a short digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
