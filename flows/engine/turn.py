"""Runs one turn of a dialog: from a flow, a stored state and a message to the next state and a reply."""

from __future__ import annotations

from datetime import date
from time import perf_counter

from core.model import UNSUPPORTED_KIND, Message, Turn
from core.ports import TurnListener
from flows.compiled import CompiledFlow
from flows.engine.inbound.after_end import edge_after_end, is_polite, restarts_dialog
from flows.engine.inbound.language import requested_language
from flows.engine.inbound.unanswered import (
    interpret_reaction,
    is_mere_quotation,
    leave_unanswered,
    outcome_without_answer,
)
from flows.engine.language_model.history_summary import start_summary
from flows.engine.responses.response_builder import (
    add_message,
    ask,
    build_quick_replies,
    current_question,
    repeat_question,
)
from flows.engine.responses.turn_outcome import build_error_result, build_result, copy_state
from flows.engine.selection import Transition
from flows.engine.transitions.kept_wishes import answer_kept_wish, resume_kept_wishes
from flows.engine.transitions.transition_executor import enter_initial_node, execute_selection
from flows.engine.transitions.transition_selector import match_quick_reply, select_transition
from flows.engine.turn_context import EngineServices, TurnContext
from flows.engine.turn_result import StateAndResult, VisitListener, ignore_visits
from flows.llm import Model, ModelError
from flows.nlu import is_greeting
from flows.slots import drop_changed_values
from flows.state import DialogState

_DEFAULT_SERVICES = EngineServices()

_RESUMED_NOTE = "A person of the business had the conversation. You have it again now: answer as before."
"""Note for the model, which otherwise continues from its statement about being silent."""


async def run_turn(  # noqa: PLR0913 - keyword-only
    flow: CompiledFlow,
    before: DialogState,
    turn: Turn,
    *,
    model: Model,
    today: date,
    services: EngineServices = _DEFAULT_SERVICES,
    listener: TurnListener | None = None,
    on_visit: VisitListener = ignore_visits,
) -> StateAndResult:
    """Answer one turn; `before` is not changed.

    If the model fails, the reply is an apology and the dialog stays where it was. Only when a tool or an
    action has had a side effect by then, the changes of state are kept with it.
    """
    started_at = perf_counter()
    if turn.reaction is not None:
        turn = turn.model_copy(update={"text": interpret_reaction(flow, before, turn)})
    if outcome := outcome_without_answer(before, turn):
        return leave_unanswered(flow, before, outcome)
    state, start = _resume_state(flow, copy_state(flow, before), turn), flow.initial
    drop_changed_values(state, flow.slots)
    if state.node and flow.nodes[state.node].is_router and before.node != state.node:
        start, state.node = flow.nodes[state.node], ""  # a renamed form asks for missing values
    is_language_changed = flow.is_multilingual and before.language not in ("", flow.language)
    if flow.is_multilingual:
        state.language = flow.language
    context = TurnContext.create(
        flow,
        state,
        turn,
        model=model,
        services=services,
        today=today,
        listener=listener,
        on_visit=on_visit,
    )
    context.quotable_id, context.start = turn.id, start
    summary = start_summary(state, model)
    try:
        await _answer(context, is_language_changed=is_language_changed)
        if summary:
            await summary.apply(context)
    except ModelError as error:
        return build_error_result(context, before, error, started_at)
    finally:
        if summary:
            await summary.cancel()
    return build_result(context, started_at)


def _resume_state(flow: CompiledFlow, state: DialogState, turn: Turn) -> DialogState:
    """Return the state for a new message: restarted after the end, at the interrupted node after a hand-off.

    A message that only says thanks, or remarks on what was done, does not restart the dialog.
    """
    if state.outcome == "final":
        state.kept = ()
    if state.outcome == "final" and flow.after_final == "restart":
        return state.restarted() if restarts_dialog(flow, turn) else state
    if state.outcome == "hand_off":
        if not state.pop_interrupt() and not flow.nodes[state.node].edges:
            return state.restarted()
        state.add_history_line("system", _RESUMED_NOTE)
    return state


async def _answer(context: TurnContext, *, is_language_changed: bool) -> None:
    """Answer the turn with at least one message. Raises `ModelError`.

    With `is_language_changed`, a message that only asks for the language repeats the question in it.
    """
    state = context.state
    is_unsupported = context.turn.kind == UNSUPPORTED_KIND and not context.turn.has_content
    state.unsupported = int(is_unsupported)
    if state.outcome == "final":
        await _answer_after_end(context)
    elif is_unsupported:
        await _answer_unsupported(context)
    elif is_mere_quotation(context.turn) and not context.is_first_turn:
        await repeat_question(context)
    elif _is_budget_exhausted(context):
        _receive_message(context)
        context.outcome, state.turns, state.tokens = "budget", 0, 0
        add_message(context, Message(text=context.locale_messages.budget_exhausted))
    elif _has_node_changed(context) or (is_language_changed and requested_language(context.text)):
        _receive_message(context)
        await repeat_question(context)
    elif context.is_first_turn:
        await enter_initial_node(context)
        _receive_message(context)
        if _needs_routing(context):
            await _select_and_execute(context)
    else:
        if state.outcome == "hand_off":
            state.offered = build_quick_replies(context)
        _receive_message(context)
        await _select_and_execute(context)


async def _answer_unsupported(context: TurnContext) -> None:
    """Say that the message could not be read, and ask the open question again."""
    _receive_message(context)
    text = context.render(context.flow.unsupported_text) or context.locale_messages.unsupported
    if not context.is_first_turn and (question := current_question(context)):
        ask(context, f"{text} {question}")
        return
    add_message(context, Message(text=text))
    if context.is_first_turn:
        await enter_initial_node(context)


def _receive_message(context: TurnContext) -> None:
    """Match the message against the offered quick replies and add it to the history."""
    choice = context.quick_reply = match_quick_reply(context)
    said = "" if context.turn.payload else context.text
    text = _quote_choice(said, choice.label) if choice else context.text or context.turn.payload
    context.state.add_history_line(
        "user", text or context.locale_messages.describe_wordless_turn(context.turn)
    )


def _quote_choice(text: str, label: str) -> str:
    """Return the text of a choice for the history; a tap or a mere number becomes the choice's label."""
    if not any(map(str.isalpha, text)):
        return label
    return text if label.casefold() in text.casefold() else f"{text} ({label})"


async def _select_and_execute(context: TurnContext) -> None:
    if not await answer_kept_wish(context):
        context.state.turns_in_node += 1
        await execute_selection(context, await select_transition(context))
    if context.state.kept:
        await resume_kept_wishes(context)


def _is_budget_exhausted(context: TurnContext) -> bool:
    budget, state = context.flow.budget, context.state
    return budget is not None and (
        (budget.turns is not None and state.turns >= budget.turns)
        or (budget.tokens is not None and state.tokens >= budget.tokens)
    )


def _has_node_changed(context: TurnContext) -> bool:
    """Return whether the node was edited since its question was asked, which then has to be asked again."""
    state = context.state
    is_question_open = not state.is_new and state.outcome != "hand_off"
    return is_question_open and bool(state.version) and state.version != context.node.version


async def _answer_after_end(context: TurnContext) -> None:
    """Reply at a final node as the flow says: with its closing text, a hand-off, an answer or a farewell."""
    flow, messages = context.flow, context.locale_messages
    context.outcome = "hand_off" if flow.after_final == "hand_off" else "final"
    if flow.after_final == "closed":
        text = context.render_protected(flow.closed_text) or messages.conversation_closed
    elif flow.after_final == "hand_off":
        text = messages.hand_off
    elif is_polite(context.text, flow.language):
        text = messages.farewell
    elif (edge := edge_after_end(flow, context.text)) and edge.leads_to_hand_off:
        _receive_message(context)
        await execute_selection(context, Transition(edge))
        return
    else:
        answer = flow.nodes[edge.target].text if edge else None
        text = (context.render_protected(answer) if answer else "") or messages.after_end
        _receive_message(context)
    add_message(context, Message(text=text))


def _needs_routing(context: TurnContext) -> bool:
    """Return whether a session's first message says more than what the bot's greeting has answered."""
    has_ended = context.outcome in ("final", "hand_off")
    text, turn = context.text, context.turn
    is_seen = bool(turn.attachments) and context.services.load_picture is not None
    has_content = bool(
        text or turn.payload or turn.location or turn.form or turn.contacts or turn.order or is_seen
    )
    is_about_language = context.flow.is_multilingual and bool(requested_language(text))
    if has_ended or not has_content or is_about_language:
        return False
    return not is_greeting(text, context.flow.language)
