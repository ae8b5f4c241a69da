"""Decides which target nodes' replies the model may write in the call that chooses the transition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from flows.compiled.instructions import auto_proceeds, node_type, scripted_speech, select_language_block
from flows.document import Edge, Node
from flows.templating import TextTemplate

MAX_INSTRUCTION_LENGTH = 4_000
"""Maximum number of characters of other nodes' instructions in a request: they cost tokens every turn."""


class SpeculativeReply(NamedTuple):
    """An edge id and the instruction by which the model writes the target's reply ahead.

    With `is_unconditional` nothing else in the decision can keep the edge from being followed, so the reply
    may be streamed while it is written.
    """

    edge_id: str
    instruction: str
    is_unconditional: bool


def build_speculative_replies(
    node: Node, edges: Iterable[Edge], nodes: Mapping[str, Node], language: str
) -> tuple[SpeculativeReply, ...]:
    """Return the edges of `node` that allow it, as far as the limit of instruction text goes."""
    if any(trigger.trigger == "on_exit" for trigger in node.actions):
        return ()
    replies, remaining = [], MAX_INSTRUCTION_LENGTH
    for edge in edges:
        target = nodes.get(edge.target_node_id or "")
        if target is None or edge.actions or not _can_generate_ahead(target, language):
            continue
        instruction = select_language_block(target.instruction or "", language)
        if len(instruction) <= remaining:
            remaining -= len(instruction)
            asks = bool(edge.input_schema and edge.input_schema.get("properties"))
            replies.append(SpeculativeReply(edge.id, instruction, not asks and not node.completion_criteria))
    return tuple(replies)


def _can_generate_ahead(node: Node, language: str) -> bool:
    """Return whether the model writes the node's message without values that entering it provides."""
    instruction = node.instruction
    if not instruction or node.static_text or node.reprompt_text or node.out_of_hours:
        return False
    if any(trigger.trigger == "on_enter" for trigger in node.actions):
        return False
    if node_type(node) == "router" or auto_proceeds(node) or scripted_speech(instruction, language):
        return False
    return TextTemplate(instruction).static_text is not None
