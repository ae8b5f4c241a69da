"""Handles a message after the end: a new wish restarts the dialog, a remark about what was done does not."""

from __future__ import annotations

from collections.abc import Iterator

from core.model import Turn
from flows.compiled import CompiledEdge, CompiledFlow
from flows.llm.rules import best_edge
from flows.locales import lexicon_for
from flows.nlu import (
    asks_to_wait,
    has_wish,
    is_greeting,
    is_small_talk,
    recognize_confirmation,
    split_clauses,
    without_courtesies,
)
from flows.text import tokenize

_MAX_OPENING = 2


def restarts_dialog(flow: CompiledFlow, turn: Turn) -> bool:
    """Return whether a message after the end begins the dialog again.

    It does unless it is only polite (“keep up the good work”), or remarks on what was done without any wish
    that the beginning of the flow knows. A question that is answered beside the dialog is a remark, and so is
    one for a person.
    """
    if turn.payload:
        return True
    if is_small_talk(turn.text, flow.language):
        return False
    if is_greeting(turn.text, flow.language):
        return True
    rest = without_courtesies(turn.text, flow.language)
    if rest == turn.text and not (
        _is_remark(rest, flow.language) or _begins_with_second_thought(rest, flow.language)
    ):
        return True
    if recognize_confirmation(turn.text, flow.language) is not None and len(tokenize(turn.text)) == 1:
        return False  # a bare no answers nothing that is open
    edge = edge_after_end(flow, rest)
    if edge is None:
        return has_wish(rest, flow.language) and not _is_remark(rest, flow.language)
    return not (edge.is_answer or edge.leads_to_hand_off)


def is_polite(text: str, language: str) -> bool:
    """Return whether a text only thanks, praises or says goodbye, and wishes or asks nothing."""
    rest = without_courtesies(text, language)
    return is_small_talk(text, language) or (
        rest != text and not (tokenize(rest) and _is_remark(rest, language))
    )


def edge_after_end(flow: CompiledFlow, text: str) -> CompiledEdge | None:
    """Return the edge that the text would take where the flow begins, or from anywhere.

    For a user with a wish the words of an edge's condition are enough.
    """
    return best_edge(
        flow.initial, tuple(_first_edges(flow)), text, flow.language,
        by_condition=has_wish(text, flow.language),
    )  # fmt: skip


def _first_edges(flow: CompiledFlow) -> Iterator[CompiledEdge]:
    """Yield the edges of the first question, also of a form, and the global ones."""
    first = [flow.initial]
    if flow.initial.is_router:
        form = flow.initial.node.part_of
        targets = (flow.nodes[edge.target] for edge in flow.initial.edges)
        first += [node for node in targets if node.node.part_of == form]
    seen = {edge.id: edge for node in first if not node.is_router for edge in node.edges}
    yield from (edge for edge in seen.values() if not edge.edge.is_fallback)
    yield from (edge for edge in flow.global_edges if edge.id not in seen)


def _begins_with_second_thought(text: str, language: str) -> bool:
    """Return whether a text begins with a second thought (“hang on, I gave you the wrong number”)."""
    clauses = split_clauses(text, language)
    opening = {word for clause in clauses[:1] for word in clause[:_MAX_OPENING]}
    is_late = not opening.isdisjoint(lexicon_for(language).speech_acts.second_thoughts)
    return is_late or (len(clauses) > 1 and asks_to_wait(" ".join(clauses[0]), language))


def _is_remark(text: str, language: str) -> bool:
    """Return whether a text asks, denies or corrects, as a remark on what was done does."""
    words, lexicon = tokenize(text), lexicon_for(language)
    if not words:
        return True
    is_question = text.rstrip().endswith("?") or words[0] in lexicon.question_words
    opens = {*lexicon.thanks, *lexicon.correction_words, *lexicon.negations}
    is_denial = recognize_confirmation(text, language) is not None
    return is_question or is_denial or words[0] in opens
