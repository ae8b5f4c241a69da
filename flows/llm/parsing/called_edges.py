"""Chooses among the edges that a model has called in one answer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from pydantic import JsonValue

from flows.compiled import CompiledEdge
from flows.llm.functions import STAY_FUNCTION_NAME
from flows.llm.model import TransitionRequest

_MAX_ANSWERS_BESIDE = 2

Call = tuple[str, dict[str, JsonValue]]


def resolve_name(text: str, question: TransitionRequest) -> str:
    """Return the function that a model means; empty when there is none.

    Models write the namespace, other capitals, blanks, or the node that an edge leads to.
    """
    name = text.strip().removeprefix("functions.").strip()
    edges = question.available_edges
    known = [STAY_FUNCTION_NAME, *(edge.id for edge in edges)]
    if name in known:
        return name
    if found := next((edge.id for edge in edges if edge.target == name), ""):
        return found
    alike = [each for each in known if each.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else ""


class ChosenEdge(NamedTuple):
    """The edge to follow with its arguments, edges to mere answers that come first, and edges for later."""

    edge_id: str
    arguments: dict[str, JsonValue]
    also: tuple[str, ...] = ()
    later: tuple[str, ...] = ()


def choose_edge(called: Sequence[Call], question: TransitionRequest) -> ChosenEdge:
    """Return which of the called edges to follow now, before it and later.

    A user who asks for a person gets one, whatever else was called. Of several edges one that does something
    irreversible comes last: the calls contradict each other. A call to stay counts only if it is the only
    one. What else is wished is kept for later, unless a person takes over or the conversation ends.
    """
    arguments_by_name: dict[str, dict[str, JsonValue]] = {}
    for name, arguments in called:
        arguments_by_name[name] = {**arguments, **arguments_by_name.get(name, {})}
    edges = _called_edges(arguments_by_name, question)
    if not edges:
        return ChosenEdge(STAY_FUNCTION_NAME, arguments_by_name[STAY_FUNCTION_NAME])
    own = set(map(id, question.node.edges))
    answers = [edge for edge in edges if edge.is_answer and id(edge) not in own]
    others = [edge for edge in edges if not any(edge is each for each in answers)]
    best = min(others, key=_rank, default=None) or answers[0]
    if best.commits:
        return ChosenEdge(best.id, arguments_by_name[best.id])
    beside = [edge.id for edge in answers if edge is not best]
    later = [
        edge.id for edge in others if edge.target != best.target and not (edge.takes_yes or edge.takes_no)
    ]
    again = [best.id] if _is_called_twice(best.id, called) else []
    return ChosenEdge(
        best.id, arguments_by_name[best.id], tuple(beside[:_MAX_ANSWERS_BESIDE]), (*again, *later)
    )


def _is_called_twice(name: str, called: Sequence[Call]) -> bool:
    """Return whether a function was called with contradictory arguments, such as two sizes."""
    every = [arguments for each, arguments in called if each == name]
    return any(
        key in first and first[key] != value
        for first, other in pairwise(every)
        for key, value in other.items()
    )


def _rank(edge: CompiledEdge) -> int:
    if edge.leads_to_hand_off:
        return 0
    return 2 if edge.commits else 1


def _called_edges(names: dict[str, dict[str, JsonValue]], question: TransitionRequest) -> list[CompiledEdge]:
    by_id = {edge.id: edge for edge in question.available_edges}
    return [by_id[name] for name in names if name in by_id]
