"""Edges that are open at a node: found by their name, and by the data."""

from __future__ import annotations

from collections.abc import Sequence

from flows.compiled import CompiledEdge, CompiledNode, is_silent
from flows.engine.turn_context import TurnContext
from flows.locales import messages_for
from flows.text import tokenize


def available_edges(context: TurnContext) -> tuple[CompiledEdge, ...]:
    """Return the node's edges and the global ones that may interrupt it, without those closed by the data."""
    node = context.node
    if node.has_only_open_edges:
        return node.available_edges
    return tuple(edge for edge in node.available_edges if _is_open(context, edge))


def is_silent_node(context: TurnContext) -> bool:
    """Return whether the node says nothing and only leads on."""
    node = context.node
    if node.is_router or node.text or not node.edges or node.instruction is None:
        return node.is_router
    return is_silent(context.render(node.instruction))


def find_edge(name: str, edges: Sequence[CompiledEdge]) -> CompiledEdge | None:
    """Return the edge with the id `name`, or else one whose target has it, as models sometimes answer."""
    if not name:
        return None
    return next((e for e in edges if e.id == name), None) or next(
        (e for e in edges if e.target == name), None
    )


def find_fallback_edge(node: CompiledNode) -> CompiledEdge | None:
    """Return the node's fallback edge."""
    return next((edge for edge in node.edges if edge.edge.is_fallback), None)


def is_cancelling(edge: CompiledEdge, language: str) -> bool:
    """Return whether an edge is for a user who wants to stop, by the engine's own words for it."""
    words = set(map(tokenize, messages_for(language).cancel_words))
    return any(phrase in words for phrase in edge.keywords)


def _is_open(context: TurnContext, edge: CompiledEdge) -> bool:
    if edge.guard is not None and not edge.guard.is_true(context.template_values):
        return False
    return edge.data_condition is None or edge.data_condition.evaluate(context.template_values) is not False


def evaluate_data(context: TurnContext, edge: CompiledEdge) -> bool | None:
    """Return whether the data open the edge; `None` when the model has to decide."""
    if edge.guard is not None:
        return edge.guard.is_true(context.template_values)
    if edge.data_condition is None:
        return None
    return edge.data_condition.evaluate(context.template_values)
