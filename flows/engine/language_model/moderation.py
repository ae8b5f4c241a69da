"""Applies content moderation to user and bot messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from core.model import Message
from core.ports import TurnListener
from flows.engine.turn_result import StateAndResult, TurnResult
from flows.llm import ModelError, Moderator
from flows.locales import LocaleMessages
from flows.state import DialogState


class _BufferingListener(TurnListener):
    """Withholds text, which is not moderated yet, and forwards side effects."""

    def __init__(self, listener: TurnListener) -> None:
        self._listener = listener

    async def on_side_effect(self) -> None:
        """Announce the turn's first side effect."""
        await self._listener.on_side_effect()


async def moderate_turn(
    moderator: Moderator,
    text: str,
    before: DialogState,
    answer: Callable[[TurnListener], Awaitable[StateAndResult]],
    *,
    sentences: LocaleMessages,
    listener: TurnListener | None,
) -> StateAndResult:
    """Answer a message unless it is rejected, and send the answer unless that is rejected.

    Rejected text reaches no model and stays in no history. When the moderator fails, the reply is an apology,
    never the same twice in a row; side effects of the answer are kept.
    """
    unanswered = TurnResult(node=before.node)
    try:
        if text.strip() and await moderator.flags(text):
            return before, _replace_reply(unanswered, sentences.refusal, "refused")
    except ModelError:
        return _replace_with_apology(before, before, unanswered._replace(outcome="error"), sentences)
    listener = listener or TurnListener()
    state, result = await answer(_BufferingListener(listener))
    texts = [message.text for message in result.messages if message.text]
    try:
        if texts and await moderator.flags("\n\n".join(texts)):
            _remove_from_history(state, before)
            result = _replace_reply(result, sentences.refusal, result.outcome)
    except ModelError:
        _remove_from_history(state, before)
        state, result = _replace_with_apology(before, state, result, sentences)
    listener.on_text(result.text)
    return state, result


def _replace_reply(result: TurnResult, text: str, outcome: str) -> TurnResult:
    """Return the result with one message in place of all."""
    return result._replace(messages=(Message(text=text),), outcome=outcome, issue="moderated")


def _replace_with_apology(
    before: DialogState, state: DialogState, result: TurnResult, sentences: LocaleMessages
) -> StateAndResult:
    """Return the state and the result with an apology that differs from that of the turn before."""
    text = sentences.apologies[before.apologies % len(sentences.apologies)]
    return replace(state, apologies=before.apologies + 1), _replace_reply(result, text, result.outcome)


def _remove_from_history(state: DialogState, before: DialogState) -> None:
    """Remove the bot's messages of this turn, which are not sent."""
    earlier = set(map(id, before.history))
    state.history = tuple(
        line for line in state.history if line["role"] != "assistant" or id(line) in earlier
    )
