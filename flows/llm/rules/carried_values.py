"""Values of a wish that the node it leads to would ask for: “a table for 4 on Friday” at a menu."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from pydantic import JsonValue

from flows.compiled import CompiledEdge, CompiledFlow, CompiledNode
from flows.llm.model import TransitionRequest
from flows.llm.rules.message.keywords import exact_match_length
from flows.llm.rules.message.parsed_message import ParsedMessage
from flows.llm.rules.subject_words import is_word_of_subject
from flows.nlu import has_wish, new_date_only, without_questions
from flows.slots import Slot
from flows.text import tokenize

_ALONE = ("pattern", "phone", "email", "enum", "date", "time")
_MAX_ANSWER_LETTERS = 2
_MOVED = ("date", "time")
_NUMBERS = ("integer", "number")


def read_carried_values(
    flow: CompiledFlow, node: CompiledNode, text: str, today: date
) -> dict[str, JsonValue]:
    """Return the values in a text that a form, or a node with its own questions, can take from it.

    A number counts only beside its noun, and no text and no yes counts: nobody was asked for them.
    """
    edges = tuple(edge for each in _nodes_of(flow, node) for edge in each.edges if edge.slots)
    slots, text = {slot.name: slot for slot in _readable_slots(edges)}, without_questions(text, flow.language)
    if not slots:
        return {}
    request = TransitionRequest(
        node=node, available_edges=edges, conditions=("",) * len(edges), text=text, today=today,
        language=flow.language,
    )  # fmt: skip
    message = ParsedMessage(request)
    if message.refuses_wish:
        return {}
    moved = ParsedMessage(request._replace(text=new_date_only(text, flow.language)))
    readings = {
        name: (moved if slot.kind in _MOVED else message).extract_slot(slot) for name, slot in slots.items()
    }
    return {
        name: value
        for name, reading in readings.items()
        if (value := reading.value) is not None
        and not is_word_of_subject(flow, slots[name], value, text, today)
    }


def names_value(flow: CompiledFlow, node: CompiledNode, text: str, today: date) -> bool:
    """Return whether a text names a value that only this node asks for: one of a list, or a code."""
    values = read_carried_values(flow, node, text, today)
    edges = (edge for each in _nodes_of(flow, node) for edge in each.edges)
    kinds = ("enum", "pattern", "date") if has_wish(text, flow.language) else ("enum", "pattern")
    telling = {slot.name for edge in edges for slot in edge.slots if slot.kind in kinds}
    return not telling.isdisjoint(values)


def find_named_edge(node: CompiledNode, text: str, language: str) -> CompiledEdge | None:
    """Return the edge of a node that a text names by its keywords, if it is one to a question."""
    words = tokenize(text)
    lengths = [
        (exact_match_length(edge.keywords, words, (), language), edge)
        for edge in node.edges
        if edge.keywords and not edge.takes_yes and not edge.commits and not edge.edge.is_fallback
    ]
    longest = max((length for length, _ in lengths), default=0)
    found = [edge for length, edge in lengths if length == longest > _MAX_ANSWER_LETTERS]
    return found[0] if len(found) == 1 else None


def _nodes_of(flow: CompiledFlow, node: CompiledNode) -> list[CompiledNode]:
    """Return the questions of a form, or the node itself."""
    return (
        [each for each in flow.nodes.values() if each.node.part_of == node.id] if node.is_router else [node]
    )


def find_carried_edge(node: CompiledNode, values: dict[str, JsonValue]) -> CompiledEdge | None:
    """Return the only edge of a node whose slots are all filled by such values, if it has no side effects."""
    found = [
        edge
        for edge in node.edges
        if (required := [slot for slot in edge.slots if slot.required])
        and all(slot.name in values for slot in required)
    ]
    return found[0] if len(found) == 1 and not found[0].commits else None


def _readable_slots(edges: Iterable[CompiledEdge]) -> Iterator[Slot]:
    """Yield the slots whose values are distinct from all others; those read beside others come last."""
    every = [slot for edge in edges for slot in edge.slots]
    kinds = {(slot.kind if slot.kind not in _NUMBERS else "number", slot.name) for slot in every}
    of_kind = {kind: sum(kind == each for each, _ in kinds) for kind, _ in kinds}
    for slot in every:
        if slot.required and slot.kind in _NUMBERS and of_kind["number"] == 1:
            yield replace(slot, identified_by="noun")
        elif (
            slot.required
            and slot.kind in _ALONE
            and of_kind[slot.kind] == 1
            and len(slot.allowed_values) != 1
        ):
            yield slot
    for slot in every:
        if not slot.required and slot.kind in (*_ALONE, *_NUMBERS) and len(slot.allowed_values) != 1:
            yield slot if slot.kind not in _NUMBERS else replace(slot, identified_by="noun")
