"""Turns with somebody who looks at what is said, by both sides, before anybody reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from core.model import Message
from core.ports import TurnListener
from flows.engine.turn_result import StateAndResult, TurnResult
from flows.llm import ModelError, Moderator
from flows.locales import LocaleMessages
from flows.state import MAX_LINE_LENGTH, DialogState


class _BufferingListener(TurnListener):
    """Tells nobody of words before they were looked at; of acts it does."""

    def __init__(self, watcher: TurnListener) -> None:
        self._listener = watcher

    async def on_side_effect(self) -> None:
        """The first act that cannot be undone is about to begin."""
        await self._listener.on_side_effect()


async def moderate_turn(
    moderator: Moderator,
    text: str,
    before: DialogState,
    answer: Callable[[TurnListener], Awaitable[StateAndResult]],
    *,
    sentences: LocaleMessages,
    watcher: TurnListener | None,
) -> StateAndResult:
    """Answer a message unless it is objected to; say what is answered unless that is.

    What is objected to reaches no model and stays in no history. A moderator who cannot say costs an
    apology, never the same twice in a row; what an answer has done by then stays done.
    """
    unheard = TurnResult(node=before.node)
    try:
        if text.strip() and await moderator.flags(text):
            return before, _replace_reply(unheard, sentences.refusal, "refused")
    except ModelError:
        return _replace_with_apology(before, before, unheard._replace(outcome="error"), sentences)
    listener = watcher or TurnListener()
    state, result = await answer(_BufferingListener(listener))
    said = [message.text for message in result.messages if message.text]
    try:
        if said and await moderator.flags("\n\n".join(said)):
            _remove_from_history(state, said)
            result = _replace_reply(result, sentences.refusal, result.outcome)
    except ModelError:
        _remove_from_history(state, said)
        state, result = _replace_with_apology(before, state, result, sentences)
    listener.on_text(result.text)
    return state, result


def _replace_reply(result: TurnResult, text: str, outcome: str) -> TurnResult:
    """The result with one sentence in place of what was said."""
    return result._replace(messages=(Message(text=text),), outcome=outcome, issue="moderated")


def _replace_with_apology(
    before: DialogState, state: DialogState, result: TurnResult, sentences: LocaleMessages
) -> StateAndResult:
    """The state and the result with an apology, other than that of the turn before."""
    text = sentences.apologies[before.apologies % len(sentences.apologies)]
    return replace(state, apologies=before.apologies + 1), _replace_reply(result, text, result.outcome)


def _remove_from_history(state: DialogState, said: list[str]) -> None:
    """Keep no memory of what was never said."""
    unsaid = {text[:MAX_LINE_LENGTH] for text in said}
    state.history = tuple(line for line in state.history if line["content"] not in unsaid)
