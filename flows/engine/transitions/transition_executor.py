"""Carries out selections: follows transitions until the flow needs user input."""

from __future__ import annotations

from core.model import Message
from flows.compiled import CompiledEdge, CompiledNode
from flows.engine.action_runner import ConsentMissing, run_actions
from flows.engine.language_model.model_text import protect_echoes
from flows.engine.responses.reminders import add_reminder
from flows.engine.responses.response_builder import (
    add_fallback,
    add_message,
    add_node_prompt,
    add_text,
    ask,
    ask_after_greeting,
    ask_for_missing,
    current_question,
    repeat_question,
    reprompt_with_reason,
)
from flows.engine.selection import Fallback, Question, Selection, SlotValues, Stay, Transition
from flows.engine.transitions.edges import find_edge, is_cancelling, is_silent_node
from flows.engine.transitions.transition_selector import select_by_filled_slots, select_without_input
from flows.engine.turn_context import TurnContext
from flows.engine.turn_result import NodeVisit
from flows.llm.rules import find_carried_edge, find_named_edge, read_carried_values
from flows.nlu import is_greeting

MAX_TRANSITIONS_PER_TURN = 12


async def enter_initial_node(context: TurnContext) -> None:
    """Enter the node where the conversation starts, or starts again. Raises `ModelError`."""
    await _enter_nodes(context, NodeVisit(context.start.id))


async def execute_selection(context: TurnContext, selection: Selection) -> None:
    """Carry out what was selected for the user's message. Raises `ModelError`."""
    if isinstance(selection, Stay):
        _stay_at_node(context, selection)
        return
    if context.state.kept:
        _drop_wishes_when_cancelled(context, selection)
    later = () if isinstance(selection, Fallback) else selection.later
    if later:
        context.keeps_wish = True
        context.state.keep_wishes(later)
    _store_slots(context, selection.slots)
    if isinstance(selection, Question):
        _announce_later_wishes(context, later)
        ask_for_missing(context, selection)
    else:
        await _follow(context, selection)


def _drop_wishes_when_cancelled(context: TurnContext, selection: Selection) -> None:
    if not isinstance(selection, Transition | Fallback):
        return
    if is_cancelling(selection.edge, context.flow.language):
        context.state.kept = ()


async def _follow(context: TurnContext, selection: Transition | Fallback) -> None:
    """Follow the edge that the user's message led to."""
    state = context.state
    edge = await _run_exit_actions(context, selection.edge)
    context.last_edge_id, context.outcome, state.misses = edge.id, "advance", 0
    context.filled_optional_slots |= {s.name for s in edge.slots if not s.required and s.name in state.filled}
    if edge not in context.node.edges:
        state.push_interrupt()
    reply = selection.reply if isinstance(selection, Transition) else ""
    if isinstance(selection, Transition):
        _say_beforehand(context, selection)
    is_carried = not (edge.slots or edge.inferred_slots or context.quick_reply or selection.edge is not edge)
    visit = NodeVisit(edge.target, edge.id, state.node)
    await _enter_nodes(context, visit, reply, carried_text=context.text if is_carried else "")


def _say_beforehand(context: TurnContext, selection: Transition) -> None:
    """Answer the message's other wishes, and say which of its values was rejected."""
    for edge in selection.also:
        text = context.flow.nodes[edge.target].text
        if text and (rendered := context.render_protected(text)):
            add_message(context, Message(text=rendered))
    if selection.rejected:
        add_message(context, Message(text=selection.rejected))
    _announce_later_wishes(context, selection.later)


def _announce_later_wishes(context: TurnContext, later: tuple[str, ...]) -> None:
    for wish in later:
        add_message(context, Message(text=context.locale_messages.later_wish.format(wish)))


def _stay_at_node(context: TurnContext, selection: Stay) -> None:
    """Reply without leaving the node; in a first turn the greeting is reply enough."""
    decision, is_first = selection.decision, context.is_first_turn
    if decision.error_message and not is_first:
        reprompt_with_reason(context, f"{decision.error_message}\n\n{current_question(context)}".strip())
    elif decision.issue == "refused":
        refusal = context.locale_messages.refusal
        reprompt_with_reason(context, f"{refusal} {current_question(context)}".strip())
    elif reply := protect_echoes(context, decision.reply):
        ask(context, reply)
    elif is_greeting(context.text, context.flow.language) and (question := current_question(context)):
        ask_after_greeting(context, question)
    elif not is_first:
        add_fallback(context, offers_agent=selection.offers_agent)


async def _enter_nodes(
    context: TurnContext, visit: NodeVisit, reply: str = "", carried_text: str = ""
) -> None:
    """Enter a node and those after it until one waits for the user.

    `carried_text` is the wish that led to the first node, which takes its values. No edge is followed without
    input to a node that was entered before in this turn, and there is a limit to the number of nodes. `reply`
    is what the model has already written for the first one.
    """
    state, entered = context.state, set[str]()
    for _ in range(MAX_TRANSITIONS_PER_TURN):
        context.on_visit(visit)
        if state.is_asking_at(visit.node_id) and visit.source_id != visit.node_id:
            # an edge leads back into an interrupted node: keep what is known there
            context.node = context.flow.nodes[state.pop_interrupt()]
            await repeat_question(context)
            return
        state.enter_node(visit.node_id)
        entered.add(visit.node_id)
        node = context.node = context.flow.nodes[visit.node_id]
        source = context.flow.nodes.get(visit.source_id)
        edge = _take_carried_values(context, carried_text, source) if carried_text and source else None
        edge = edge or await _enter_node(context, entered, reply)
        reply = carried_text = ""
        add_reminder(context)
        if edge is None:
            if _record_ending(context):
                return
            if node.returns_from_interrupt and state.interrupts:
                context.node = context.flow.nodes[state.pop_interrupt()]
                await repeat_question(context)
                return
            edge, reply = await _leave_without_input(context, entered)
        if edge is None:
            break
        edge = await _run_exit_actions(context, edge)
        if edge not in node.edges:
            state.push_interrupt()
        visit = NodeVisit(edge.target, edge.id, node.id)
    else:
        context.issues.append("hops")
    if not context.messages:
        await repeat_question(context)


def _take_carried_values(context: TurnContext, text: str, source: CompiledNode) -> CompiledEdge | None:
    """Store the values that the wish contains; return the edge that needs no others."""
    node = context.node
    is_within_form = bool(node.node.part_of) and node.node.part_of == source.node.part_of
    is_asking = node.is_router or is_within_form or any(edge.slots for edge in node.edges)
    if not is_asking or node.is_final or node.node.hand_off or node.on_enter:
        return None
    values = read_carried_values(context.flow, node, text, context.today)
    if node.is_router:
        _store_slots(context, values)
        return None
    edge = find_carried_edge(node, values) if values and node.text else None
    if edge is not None:
        _store_slots(context, {slot.name: values[slot.name] for slot in edge.slots if slot.name in values})
        return edge
    return find_named_edge(node, text, context.flow.language) if is_within_form else None


async def _enter_node(context: TurnContext, entered: set[str], reply: str) -> CompiledEdge | None:
    """Run the node's actions and add its message; return the edge to follow when it needs no message."""
    node = context.node
    edge = (
        find_edge(await run_actions(context, node.on_enter), _failure_edges(context))
        if node.on_enter
        else None
    )
    if edge is None and _is_outside_business_hours(context):
        return _reply_out_of_hours(context)
    if edge is None and (transition := select_by_filled_slots(context, entered)):
        _store_slots(context, transition.slots)
        edge = transition.edge
    if edge is None and (node.node.hand_off or not is_silent_node(context)):
        await add_node_prompt(context, reply)
    return edge


async def _leave_without_input(context: TurnContext, entered: set[str]) -> tuple[CompiledEdge | None, str]:
    """Return the edge out of a node that does not wait, and what the model wrote for its target node."""
    selection = await select_without_input(context, entered)
    if isinstance(selection, Stay):
        return None, ""
    _store_slots(context, selection.slots)
    if isinstance(selection, Question):
        ask_for_missing(context, selection)
        return None, ""
    return selection.edge, selection.reply if isinstance(selection, Transition) else ""


def _store_slots(context: TurnContext, slots: SlotValues) -> None:
    for name, value in slots.items():
        context.state.set_slot(name, value)


def _is_outside_business_hours(context: TurnContext) -> bool:
    """Return whether the node hands off to an agent while the business is closed."""
    node, hours = context.node.node, context.flow.hours
    has_message = node.hand_off and node.out_of_hours is not None
    return has_message and hours is not None and not hours.is_open(context.services.now())


def _reply_out_of_hours(context: TurnContext) -> CompiledEdge | None:
    """Add the out-of-hours message in place of the node's own; return the edge to follow from there."""
    fallback = context.node.node.out_of_hours
    assert fallback is not None, "checked by the caller"
    edge = find_edge(fallback.edge, context.node.edges)
    if not add_text(context, fallback.say) and edge is None:
        ask(context, current_question(context) or context.locale_messages.continue_prompt)
    return edge


async def _run_exit_actions(context: TurnContext, edge: CompiledEdge) -> CompiledEdge:
    """Run the actions of the node's exit and of `edge`; return `edge`, or a failure edge if one failed."""
    for triggers in filter(None, (context.node.on_exit, edge.edge.actions)):
        if failure := find_edge(await run_actions(context, triggers), _failure_edges(context)):
            return failure
    return edge


def _failure_edges(context: TurnContext) -> tuple[CompiledEdge, ...]:
    return (*context.node.edges, *context.flow.global_edges)


def _record_ending(context: TurnContext) -> bool:
    """Record the outcome if the dialog ends at the node or is handed off there; return whether it does."""
    node: CompiledNode = context.node
    is_ending = node.is_final or node.node.opt_out or node.node.hand_off
    if is_ending and context.needs_consent:
        raise ConsentMissing
    context.opts_out = context.opts_out or node.node.opt_out
    if node.is_final or node.node.opt_out:
        context.outcome, context.state.interrupts = "final", ()
    elif node.node.hand_off:
        context.outcome = "hand_off"
    return is_ending
