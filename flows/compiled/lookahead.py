"""What a model may write ahead: the words of the node beyond an edge, along with the choice of the edge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from flows.compiled.instructions import in_language, kind_of, proceeds, scripted
from flows.document.flow import Edge, Node
from flows.templating.template import Text

MOST_INSTRUCTIONS = 4_000
"""How many characters of other nodes' instructions a question may carry: they are paid for in every turn."""


class Ahead(NamedTuple):
    """An edge by its id, and the instruction that the words beyond it are written by.

    `is_sure` says that nothing which comes with the choice can keep the edge from being taken, so that its
    words may be told while they are being written.
    """

    edge: str
    instruction: str
    is_sure: bool


def ahead_of(
    node: Node, edges: Iterable[Edge], nodes: Mapping[str, Node], language: str
) -> tuple[Ahead, ...]:
    """The edges open at `node` that allow it, as far as there is room for their instructions."""
    if any(trigger.trigger == "on_exit" for trigger in node.actions):
        return ()
    found, room = [], MOST_INSTRUCTIONS
    for edge in edges:
        target = nodes.get(edge.target_node_id or "")
        if target is None or edge.actions or not _is_written(target, language):
            continue
        instruction = in_language(target.instruction or "", language)
        if len(instruction) <= room:
            room -= len(instruction)
            asks = bool(edge.input_schema and edge.input_schema.get("properties"))
            found.append(Ahead(edge.id, instruction, not asks and not node.completion_criteria))
    return tuple(found)


def _is_written(node: Node, language: str) -> bool:
    """Whether a model puts the instruction into words and needs nothing for it that the way there brings."""
    instruction = node.instruction
    if not instruction or node.static_text or node.reprompt_text or node.out_of_hours:
        return False
    if any(trigger.trigger == "on_enter" for trigger in node.actions):
        return False
    if kind_of(node) == "router" or proceeds(node) or scripted(instruction, language):
        return False
    return Text(instruction).plain is not None
