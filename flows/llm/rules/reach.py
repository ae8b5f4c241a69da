"""Checks what the rules model can understand, for authors without a language model."""

from __future__ import annotations

from flows.compiled import CompiledEdge, CompiledFlow, CompiledNode
from flows.llm.model import TransitionRequest
from flows.llm.rules.evidence.condition_scoring import condition_has_evidence
from flows.llm.rules.evidence.ranks import CONDITION_SCORE, INVALID_SLOT_SCORE
from flows.llm.rules.evidence.scoring import score_edge
from flows.llm.rules.message.parsed_message import ParsedMessage
from flows.nlu import recognize_confirmation
from flows.slots import is_message_slot


def is_reachable(edge: CompiledEdge, language: str) -> bool:
    """Return whether some message takes the edge without a language model."""
    if edge.keywords or edge.examples or edge.pattern or edge.data_condition or edge.edge.is_fallback:
        return True
    required = [slot for slot in edge.slots if slot.required]
    if required or any(not is_message_slot(slot) and slot.kind != "object" for slot in edge.slots):
        return all(is_message_slot(slot) or slot.kind != "object" for slot in required)
    return condition_has_evidence(edge.edge.condition, language)


def best_edge(
    node: CompiledNode,
    edges: tuple[CompiledEdge, ...],
    text: str,
    language: str,
    *,
    by_condition: bool = False,
) -> CompiledEdge | None:
    """Return the edge that a text takes of these, by more than being any text at all.

    The words of a condition only count with `by_condition`.
    """
    conditions = tuple(edge.edge.condition for edge in edges)
    request = TransitionRequest(
        node=node, available_edges=edges, conditions=conditions, text=text, language=language
    )
    message = ParsedMessage(request)
    scores = [score_edge(edge, message) for edge in edges]
    best = max(scores, key=lambda each: each.score, default=None)
    least = CONDITION_SCORE if by_condition else INVALID_SLOT_SCORE
    return best.edge if best and best.score > least and best.score != INVALID_SLOT_SCORE else None


def takes_choice(flow: CompiledFlow, node: CompiledNode, label: str, payload: str) -> bool:
    """Return whether a quick reply of the node leads anywhere."""
    if any(edge.id == payload for edge in node.available_edges):
        return True
    edges = node.available_edges
    conditions = tuple(edge.edge.condition for edge in edges)
    request = TransitionRequest(
        node=node, available_edges=edges, conditions=conditions, text=label, payload=payload,
        language=flow.language,
    )  # fmt: skip
    message = ParsedMessage(request)
    if any(score_edge(edge, message).score > 0 for edge in edges):
        return True
    return (
        bool(edges)
        and recognize_confirmation(label, flow.language) is not None
        and any(edge.takes_yes or edge.takes_no for edge in edges)
    )
