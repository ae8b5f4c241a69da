"""Runs a node's timer: its message for a user who does not reply or was not reached, and its edge."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from time import perf_counter

from core.model import Address, Message, TimerKind, Turn
from flows.compiled import CompiledFlow
from flows.document import Fallback, Node, UndeliveredFallback
from flows.engine.responses.response_builder import add_message, add_text, build_messages, current_question
from flows.engine.responses.routes import find_undelivered_route
from flows.engine.responses.turn_outcome import build_error_result, build_result, copy_state
from flows.engine.selection import Transition
from flows.engine.transitions.edges import find_edge
from flows.engine.transitions.transition_executor import execute_selection
from flows.engine.turn_context import EngineServices, TurnContext
from flows.engine.turn_result import StateAndResult, TurnResult
from flows.llm import Model, ModelError
from flows.state import DialogState
from flows.templating import TextTemplate


async def run_timer(  # noqa: PLR0913 - keyword-only
    flow: CompiledFlow,
    before: DialogState,
    timer: TimerKind,
    *,
    address: Address,
    model: Model,
    today: date,
    services: EngineServices,
) -> StateAndResult:
    """Send the node's message for a user who does not reply or was not reached, and follow its edge."""
    started_at = perf_counter()
    state = copy_state(flow, before)
    fallback = _fallback_for(flow.nodes[state.node].node, timer) if state.node else None
    if fallback is None:
        return before, TurnResult(node=state.node)
    turn = Turn(id=_state_digest(before), session=":".join(address.model_dump().values()), address=address)
    context = TurnContext.create(flow, state, turn, model=model, services=services, today=today)
    context.message = {}
    _say_fallback(context, fallback, str(before.variables.get("undelivered", "")))
    try:
        if edge := find_edge(fallback.edge, context.node.edges):
            await execute_selection(context, Transition(edge))
            return build_result(context, started_at)
    except ModelError as error:
        return build_error_result(context, before, error, started_at)
    return state, TurnResult(messages=build_messages(context), outcome=state.outcome, node=state.node)


def _say_fallback(context: TurnContext, fallback: Fallback, failure: str) -> None:
    """Add the fallback's text; for an undelivered message by the fallback for this class of failure."""
    route = None
    if isinstance(fallback, UndeliveredFallback):
        route = find_undelivered_route(context, fallback, failure)
    if route is None:
        if not add_text(context, fallback.say) and context.node.node.hand_off and not fallback.edge:
            add_message(context, Message(text=context.locale_messages.nobody_free))
        return
    said = context.render_protected(TextTemplate(fallback.say, "message")) if fallback.say else ""
    if text := said or current_question(context):
        add_message(context, Message(text=text, route=route))


def _fallback_for(node: Node, timer: TimerKind) -> Fallback | None:
    return node.on_undelivered if timer is TimerKind.UNDELIVERED else node.timeout


def _state_digest(state: DialogState) -> str:
    """Return an id for a timer's turn, the same when the turn is retried."""
    return hashlib.sha256(json.dumps(state.to_json(), sort_keys=True).encode()).hexdigest()[:32]
