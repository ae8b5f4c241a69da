"""Turns with somebody who looks at what is said, by both sides, before anybody reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from core.model.message import Message
from core.ports.dialog import Watcher
from flows.engine.turn_result import Answered, TurnResult
from flows.llm.model import ModelError
from flows.locales import Sentences
from flows.state.dialog_state import LONGEST_LINE, DialogState


class Moderator(Protocol):
    """Says whether a text may pass."""

    async def flags(self, text: str) -> bool:
        """Whether to object. Raises `ModelError` when it cannot say; then nothing passes."""
        ...


class _Held(Watcher):
    """Tells nobody of words before they were looked at; of acts it does."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    async def on_act(self) -> None:
        """The first act that cannot be undone is about to begin."""
        await self._watcher.on_act()


async def moderated(
    moderator: Moderator,
    text: str,
    before: DialogState,
    answer: Callable[[Watcher], Awaitable[Answered]],
    *,
    sentences: Sentences,
    watcher: Watcher | None,
) -> Answered:
    """Answer a message unless it is objected to; say what is answered unless that is.

    What is objected to reaches no model and stays in no history. A moderator who cannot say costs an
    apology, never the same twice in a row; what an answer has done by then stays done.
    """
    unheard = TurnResult(node=before.node)
    try:
        if text.strip() and await moderator.flags(text):
            return before, _said(unheard, sentences.refused, "refused")
    except ModelError:
        return _apology(before, before, unheard._replace(outcome="error"), sentences)
    listener = watcher or Watcher()
    state, result = await answer(_Held(listener))
    said = [message.text for message in result.messages if message.text]
    try:
        if said and await moderator.flags("\n\n".join(said)):
            _forget(state, said)
            result = _said(result, sentences.refused, result.outcome)
    except ModelError:
        _forget(state, said)
        state, result = _apology(before, state, result, sentences)
    listener.on_text(result.text)
    return state, result


def _said(result: TurnResult, text: str, outcome: str) -> TurnResult:
    """The result with one sentence in place of what was said."""
    return result._replace(messages=(Message(text=text),), outcome=outcome, trouble="moderated")


def _apology(before: DialogState, state: DialogState, result: TurnResult, sentences: Sentences) -> Answered:
    """The state and the result with an apology, other than that of the turn before."""
    text = sentences.apologies[before.apologies % len(sentences.apologies)]
    return replace(state, apologies=before.apologies + 1), _said(result, text, result.outcome)


def _forget(state: DialogState, said: list[str]) -> None:
    """Keep no memory of what was never said."""
    unsaid = {text[:LONGEST_LINE] for text in said}
    state.history = tuple(line for line in state.history if line["content"] not in unsaid)
