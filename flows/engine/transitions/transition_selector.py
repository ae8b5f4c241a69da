"""Selects the transition for a user message, or out of a node that does not wait for one.

Nothing here changes the dialog's place or its slots: a decision is returned as a `Selection`, which the
executor carries out. What selecting itself takes is recorded in the context: model usage, tools that the
model called and their results.
"""

from __future__ import annotations

from collections.abc import Container

from core.model import Choice
from flows.compiled import CompiledEdge
from flows.engine.selection import Fallback, Selection, SlotValues, Stay, Transition
from flows.engine.transitions.edges import (
    available_edges,
    evaluate_data,
    find_edge,
    find_fallback_edge,
    is_silent_node,
)
from flows.engine.transitions.model_choice import ask_model, build_request, speculative_reply
from flows.engine.transitions.required_values import criterion_question, extract_slots, missing_value_question
from flows.engine.turn_context import TurnContext
from flows.llm import STAY_DECISION, TransitionDecision
from flows.llm.rules import RulesModel, explain_missing_consent, names_value, words_of_wish
from flows.nlu import asks_back, asks_for_person, is_request, is_reserved, recognize_choice
from flows.slots import Slot, read_message_slot, validate_slot_value

_RULES_MODEL = RulesModel()


async def select_transition(context: TurnContext) -> Selection:
    """Select the transition that the user's message asks for. Raises `ModelError`."""
    node, state = context.node, context.state
    is_last_try = node.node.max_turns is not None and state.turns_in_node > node.node.max_turns
    fallback_edge = find_fallback_edge(node) if is_last_try else None
    edges = available_edges(context)
    edge = _edge_of_quick_reply(context, edges) or _edge_of_carried_value(context, edges)
    if edge is None and node.is_decided_by_data and not context.is_first_turn:
        edge = await _select_by_data(context, edges)
    edge = edge or await _edge_to_person(context, edges)
    decision = STAY_DECISION
    if edge is None:
        decision, failure_edge = await ask_model(context, edges, may_reply=fallback_edge is None)
        if context.executed:  # a tool's result may have opened an edge
            edges = available_edges(context)
        edge = failure_edge or find_edge(decision.edge_id, edges)
        if edge is None and decision.model == _RULES_MODEL.name and not decision.error_message:
            edge = _edge_of_named_value(context)
        if edge and not failure_edge and (reason := _missing_consent(context, edge, edges, decision)):
            edge, decision = None, TransitionDecision(error_message=reason, model=decision.model)
    slots: SlotValues = {}
    if edge is not None:
        slots, question = extract_slots(context, edge, decision)
        question = question or criterion_question(context, edge, slots)
        has_more = (decision.later or decision.later_edges) and not (context.needs_consent or edge.commits)
        later = _later_wishes(context, edges, decision) if has_more else ()
        if question is None:
            rejected = " ".join(dict.fromkeys(decision.rejected.values()))
            also = tuple(
                each for name in decision.also if (each := find_edge(name, edges)) and each is not edge
            )
            return Transition(edge, slots, speculative_reply(node, edge, decision), rejected, also, later)
        if fallback_edge is None:
            return question._replace(later=later)
    if fallback_edge is not None:
        return Fallback(fallback_edge, slots)
    return Stay(decision, offers_agent=any(each.leads_to_hand_off for each in edges))


async def select_without_input(context: TurnContext, entered: Container[str]) -> Selection:
    """Select the edge out of a node that does not wait for the user; nodes already `entered` are left out.

    Raises `ModelError`.
    """
    node = context.node
    if not is_silent_node(context):
        is_asking = node.kind == "instruction" and context.messages[-1].text.endswith("?")
        if not node.auto_proceed or is_asking:
            return Stay()
    edge, decision, slots = await _choose_without_input(context, entered)
    if edge is None:
        fallback = find_fallback_edge(node)
        return Stay() if fallback is None else Fallback(fallback)
    if question := missing_value_question(context, edge, slots):
        return question
    return Transition(edge, slots, speculative_reply(node, edge, decision))


def select_by_filled_slots(context: TurnContext, entered: Container[str]) -> Transition | None:
    """Return the transition whose required slots are already filled, by this turn or the caller's context.

    The caller's values do not count when the node is entered again: the user did not accept them then.
    """
    node, state = context.node, context.state
    filled = context.filled_optional_slots
    is_entered_first = bool(context.last_edge_id) and state.visits.get(node.id) == 1
    variables = state.variables if is_entered_first else {}
    for edge in node.edges if filled or variables else ():
        required = [slot for slot in edge.slots if slot.required]
        is_known = any(slot.name in state.slots for slot in required)
        if not required or (edge.target in entered and is_known):  # a new value never leads into a cycle
            continue
        values = {
            slot.name: validate_slot_value(slot, variables.get(slot.name), context.today).value
            for slot in required
            if slot.name not in filled
        }
        if None not in values.values():
            return Transition(edge, values)
    return None


def match_quick_reply(context: TurnContext) -> Choice | None:
    """Return the offered quick reply that the message selects.

    A number in a session's first message selects nothing, as the user has not seen a list yet.
    """
    offered = context.state.offered
    if payload := context.turn.payload:
        return next((choice for choice in offered if choice.payload == payload), None)
    if context.is_first_turn and context.text.isdigit():
        return None
    return recognize_choice(context.text, offered, context.flow.language)


def _edge_of_quick_reply(context: TurnContext, edges: tuple[CompiledEdge, ...]) -> CompiledEdge | None:
    """Return the edge that the selected quick reply names by its payload, or a reaction by its meaning.

    There is none when slots must be read first.

    A payload that was not offered is ignored: anyone may send the id of an edge that the model has to decide.
    """
    choice = context.quick_reply
    name = choice.payload if choice else context.text if context.turn.reaction else ""
    edge = next((edge for edge in edges if edge.id == name), None) if name else None
    return None if edge and any(s.required and len(s.allowed_values) != 1 for s in edge.slots) else edge


def _edge_of_carried_value(context: TurnContext, edges: tuple[CompiledEdge, ...]) -> CompiledEdge | None:
    """Return the only edge that asks for a value that the message carries: a location, a form, a number."""
    if not {"location", "form", "contacts"} & context.message.keys():
        return None
    fitting = [
        edge for edge in edges if any(_has_value_for(context, slot) for slot in edge.slots if slot.required)
    ]
    return fitting[0] if len(fitting) == 1 else None


async def _edge_to_person(context: TurnContext, edges: tuple[CompiledEdge, ...]) -> CompiledEdge | None:
    """Return the edge to a person if the message asks for one, whatever a model would make of it."""
    leading = [edge for edge in edges if edge.leads_to_hand_off and not edge.edge.is_fallback]
    if not leading or not asks_for_person(context.text):
        return None
    decision = await _RULES_MODEL.decide(build_request(context, edges))
    chosen = find_edge(decision.edge_id, leading)
    if chosen is not None:
        return chosen
    # several may hand off, such as for refunds and for a person: the one that names a person is meant
    named = [
        edge for edge in leading if any(map(asks_for_person, (edge.edge.condition, *edge.edge.examples)))
    ]
    own = set(map(id, context.node.edges))
    return next((edge for edge in named or leading if id(edge) not in own), (named or leading)[0])


def _edge_of_named_value(context: TurnContext) -> CompiledEdge | None:
    """Return the only edge of the node that leads to where a value of the message is asked for.

    A user who says “yoga” where courses are one of several options wants a course.
    """
    flow, text = context.flow, context.text
    if asks_back(text, flow.language) and not is_request(text, flow.language):
        return None
    found = [
        edge
        for edge in context.node.edges
        if not (edge.slots or edge.commits or edge.edge.is_fallback)
        and names_value(flow, flow.nodes[edge.target], text, context.today)
    ]
    return found[0] if len({edge.target for edge in found}) == 1 else None


def _missing_consent(
    context: TurnContext, edge: CompiledEdge, edges: tuple[CompiledEdge, ...], decision: TransitionDecision
) -> str:
    """Return the reply when a model took for a yes what is not a yes by the rules; empty if it is a yes."""
    if decision.model == _RULES_MODEL.name or not (edge.takes_yes or edge.takes_no):
        return ""  # the rules model has checked it
    if context.quick_reply and not is_reserved(context.quick_reply.label, context.flow.language):
        return ""
    reason = explain_missing_consent(edge, build_request(context, edges))
    if reason:
        context.issues.append("unconfirmed")
        context.usage.failures += (f"{decision.model or context.model.name}:unconfirmed",)
    return reason


def _later_wishes(
    context: TurnContext, edges: tuple[CompiledEdge, ...], decision: TransitionDecision
) -> tuple[str, ...]:
    """Return the words of the message's other wishes, those that a model has named by their edges too."""
    named = [each for name in decision.later_edges if (each := find_edge(name, edges))]
    request = build_request(context, edges)
    words = (*decision.later, *(words_of_wish(request, each) for each in named))
    return tuple(dict.fromkeys(filter(None, words)))


def _has_value_for(context: TurnContext, slot: Slot) -> bool:
    return read_message_slot(slot, context.message) is not None


async def _select_by_data(context: TurnContext, edges: tuple[CompiledEdge, ...]) -> CompiledEdge | None:
    """Return the edge out of a node that is decided by data, if exactly one of its own is open.

    A global edge still comes first where the rules find that the message asks for it.
    """
    own = context.node.edges
    candidates = [edge for edge in own if not edge.edge.is_fallback]
    open_edges = [edge for edge in candidates if edge in edges]
    if len(open_edges) != 1 or any(evaluate_data(context, edge) is None for edge in candidates):
        return None
    global_edges = tuple(edge for edge in edges if edge not in own)
    decision = await _RULES_MODEL.decide(build_request(context, global_edges))
    return find_edge(decision.edge_id, global_edges) or open_edges[0]


async def _choose_without_input(
    context: TurnContext, entered: Container[str]
) -> tuple[CompiledEdge | None, TransitionDecision, SlotValues]:
    """Choose an edge by the data, and by the model where they leave more than one open."""
    node = context.node
    edges = [edge for edge in node.edges if edge.target not in entered and not edge.edge.is_fallback]
    results = [(edge, evaluate_data(context, edge)) for edge in edges]
    open_edges = tuple(edge for edge, result in results if result is not False)
    certain = [edge for edge, result in results if result]
    if len(open_edges) == 1 and (certain or len(edges) == 1 or find_fallback_edge(node) is None):
        return open_edges[0], STAY_DECISION, {}
    decision, failure_edge = await ask_model(context, open_edges, is_silent=True)
    edge = failure_edge or find_edge(decision.edge_id, open_edges)
    is_strict = failure_edge is None and node.node.confirm == "strict"
    if edge and is_strict and _missing_consent(context, edge, open_edges, decision):
        edge = None  # a user who was not asked has not agreed
    if edge:
        slots, _ = extract_slots(context, edge, decision)
        return edge, decision, slots
    return next(iter(certain), None), STAY_DECISION, {}
