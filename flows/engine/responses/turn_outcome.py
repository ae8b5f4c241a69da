"""The result of a turn: what is sent and stored, for an answer, an apology and a hand-off."""

from __future__ import annotations

from time import perf_counter

from core.model import Message
from flows.compiled import CompiledFlow
from flows.engine.responses.response_builder import add_message, build_messages, describe_actions
from flows.engine.turn_context import TurnContext
from flows.engine.turn_result import StateAndResult, TurnResult
from flows.llm import ModelError
from flows.state import DialogState

_SPEAKER_LABELS = {"user": "Person", "assistant": "Bot"}
_HAND_OFF_OUTCOMES = ("hand_off", "budget")
_OVERRIDING_ISSUES = {"refused": "stay", "rounds": "stay", "hops": "advance"}
"""Issues that are reported as the outcome, each with the outcome that it replaces."""
_SUMMARY_LINES = 20
"""Maximum number of history lines in a hand-off summary."""


def copy_state(flow: CompiledFlow, state: DialogState) -> DialogState:
    return state.working_copy(flow.nodes, flow.renamed)


def build_result(context: TurnContext, started_at: float) -> StateAndResult:
    """Return the state to store and the result of a turn that was answered."""
    outcome, state, flow = context.outcome, context.state, context.flow
    state.outcome = "hand_off" if outcome == "budget" else outcome
    state.apologies, state.version = 0, context.node.version
    if flow.budget and outcome != "budget":
        state.turns, state.tokens = state.turns + 1, state.tokens + context.usage.tokens
    for issue in context.issues:
        if _OVERRIDING_ISSUES.get(issue) == outcome:
            outcome = issue
            break
    return state, _turn_result(
        context, outcome=outcome, messages=build_messages(context), started_at=started_at
    )


def build_error_result(
    context: TurnContext, before: DialogState, error: ModelError, started_at: float
) -> StateAndResult:
    """Return an apology for a turn whose model failed; without side effects the state is the one before."""
    apologies = context.locale_messages.apologies
    apology = Message(text=apologies[before.apologies % len(apologies)])
    if context.has_side_effects:
        if actions := describe_actions(context):
            add_message(context, Message(text=actions))
        add_message(context, apology)
        messages = build_messages(context)
    else:
        context.state, context.last_edge_id = copy_state(context.flow, before), ""
        messages = (apology,)
    context.state.apologies = before.apologies + 1
    return context.state, _turn_result(
        context, outcome="error", messages=messages, started_at=started_at, error=str(error)[:200]
    )


def _turn_result(
    context: TurnContext, *, outcome: str, messages: tuple[Message, ...], started_at: float, error: str = ""
) -> TurnResult:
    state = context.state
    node = context.flow.nodes.get(state.node)
    timeout = node.node.timeout if node else None
    is_handed_off = outcome in _HAND_OFF_OUTCOMES
    return TurnResult(
        messages=messages,
        outcome=outcome,
        node=state.node,
        edge=context.last_edge_id,
        hand_off=is_handed_off,
        model=context.usage.model or context.model.name,
        tokens=context.usage.tokens,
        tools=tuple(context.executed),
        issue=" ".join(dict.fromkeys(context.issues)) if context.issues else "",
        error=error,
        timeout=timeout.seconds if timeout and outcome != "final" else None,
        summary=_hand_off_summary(state, is_first_turn=context.is_first_turn) if is_handed_off else "",
        seconds=perf_counter() - started_at,
        failures=context.usage.failures,
        opt_out=context.opts_out and outcome != "error",
        reminders=tuple(context.reminders) if outcome != "error" else (),
    )


def _hand_off_summary(state: DialogState, *, is_first_turn: bool) -> str:
    """Return the slots, the summary and the last messages as lines of text for the agent who takes over.

    The user's first message precedes the greeting, which the flow sent before it processed that message.
    """
    history = state.history[-_SUMMARY_LINES:]
    if is_first_turn and sum(line["role"] == "user" for line in history) == 1:
        history = tuple(sorted(history, key=lambda line: line["role"] != "user"))
    slots = [f"{name.replace('_', ' ')}: {value}" for name, value in state.slots.items()]
    lines = [
        # indented, so that a message cannot imitate a line of the other side
        f"{_SPEAKER_LABELS[line['role']]}: {line['content']}".replace("\n", "\n  ")
        for line in history
        if line["role"] in _SPEAKER_LABELS
    ]
    earlier = [f"Before: {state.summary}"] if state.summary else []
    return "\n\n".join("\n".join(part) for part in (slots, earlier, lines) if part)
