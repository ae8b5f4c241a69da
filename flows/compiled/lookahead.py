"""What a model may write ahead: the words of the node beyond an edge, along with the choice of the edge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from flows.compiled.instructions import auto_proceeds, node_type, scripted_speech, select_language_block
from flows.document import Edge, Node
from flows.templating import TextTemplate

MAX_INSTRUCTION_LENGTH = 4_000
"""How many characters of other nodes' instructions a question may carry: they are paid for in every turn."""


class SpeculativeReply(NamedTuple):
    """An edge by its id, and the instruction that the words beyond it are written by.

    `is_sure` says that nothing which comes with the choice can keep the edge from being taken, so that its
    words may be told while they are being written.
    """

    edge_id: str
    instruction: str
    is_unconditional: bool


def build_speculative_replies(
    node: Node, edges: Iterable[Edge], nodes: Mapping[str, Node], language: str
) -> tuple[SpeculativeReply, ...]:
    """The edges open at `node` that allow it, as far as there is room for their instructions."""
    if any(trigger.trigger == "on_exit" for trigger in node.actions):
        return ()
    found, room = [], MAX_INSTRUCTION_LENGTH
    for edge in edges:
        target = nodes.get(edge.target_node_id or "")
        if target is None or edge.actions or not _can_generate_ahead(target, language):
            continue
        instruction = select_language_block(target.instruction or "", language)
        if len(instruction) <= room:
            room -= len(instruction)
            asks = bool(edge.input_schema and edge.input_schema.get("properties"))
            found.append(SpeculativeReply(edge.id, instruction, not asks and not node.completion_criteria))
    return tuple(found)


def _can_generate_ahead(node: Node, language: str) -> bool:
    """Whether a model puts the instruction into words and needs nothing for it that the way there brings."""
    instruction = node.instruction
    if not instruction or node.static_text or node.reprompt_text or node.out_of_hours:
        return False
    if any(trigger.trigger == "on_enter" for trigger in node.actions):
        return False
    if node_type(node) == "router" or auto_proceeds(node) or scripted_speech(instruction, language):
        return False
    return TextTemplate(instruction).static_text is not None
