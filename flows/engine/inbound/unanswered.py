"""Messages without effect: reactions without a meaning, mere quotations, unsupported content."""

from __future__ import annotations

from core.model import UNSUPPORTED_KIND, Turn
from flows.compiled import CompiledFlow
from flows.engine.inbound.incoming import QUOTATION_KIND, answers_newest
from flows.engine.turn_result import StateAndResult, TurnResult
from flows.state import DialogState
from flows.text import fold_emoji

_REACTION_OUTCOME = "reaction"
_ENDED_OUTCOMES = ("final", "hand_off")


def interpret_reaction(flow: CompiledFlow, state: DialogState, turn: Turn) -> str:
    """Return the meaning of a reaction to the bot's last message by the node's `on_reaction`; often empty."""
    node = flow.nodes.get(state.node)
    if node is None or turn.reaction is None or state.outcome in _ENDED_OUTCOMES:
        return ""
    meanings = {fold_emoji(emoji): text for emoji, text in node.node.on_reaction.items()}
    meaning = meanings.get(fold_emoji(turn.reaction.emoji), "")
    return meaning if meaning and answers_newest(turn, state, has_media=bool(node.node.media)) else ""


def outcome_without_answer(state: DialogState, turn: Turn) -> str:
    """Return the outcome of a message that is not answered; empty for one that is.

    An unsupported message is answered once, until the next that can be read.
    """
    if turn.has_content:
        return ""
    if turn.reaction is not None:
        return _REACTION_OUTCOME
    if is_mere_quotation(turn) and state.outcome in _ENDED_OUTCOMES:
        return QUOTATION_KIND
    return UNSUPPORTED_KIND if turn.kind == UNSUPPORTED_KIND and state.unsupported else ""


def leave_unanswered(flow: CompiledFlow, state: DialogState, outcome: str) -> StateAndResult:
    """Return the unchanged state and an empty result, with the node's timeout restarted."""
    node = flow.nodes.get(state.node)
    timeout = node.node.timeout if node and state.outcome not in _ENDED_OUTCOMES else None
    return state, TurnResult(outcome=outcome, node=state.node, timeout=timeout.seconds if timeout else None)


def is_mere_quotation(turn: Turn) -> bool:
    """Return whether all words of a message are quoted, and it has nothing else."""
    return turn.kind == QUOTATION_KIND and not turn.has_content
