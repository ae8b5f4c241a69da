"""Turns with somebody who looks at what is said, by both sides, before anybody reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from core.dialog import State, Step, Watcher
from core.message import Message
from flows.models.port import ModelError
from flows.wording import Sentences


class Moderator(Protocol):
    """Says whether a text may pass."""

    async def flags(self, text: str) -> bool:
        """Whether to object. Raises `ModelError` when it cannot say; then nothing passes."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
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
    state: State | None,
    answer: Callable[[Watcher], Awaitable[Step]],
    *,
    sentences: Sentences,
    watcher: Watcher | None,
) -> Step:
    """Answer a message unless it is objected to; say what is answered unless that is.

    What is objected to reaches no model and stays in no history. A moderator who cannot say costs an
    apology; what an answer has done by then stays done.
    """
    node = str((state or {}).get("node", ""))
    try:
        if text.strip() and await moderator.flags(text):
            return _said(Step(state=state or {}, node=node), sentences.refused, "refused")
    except ModelError:
        return _said(Step(state=state or {}, node=node), sentences.apology, "error")
    listener = watcher or Watcher()
    step = await answer(_Held(listener))
    said = [message.text for message in step.messages if message.text]
    try:
        if said and await moderator.flags("\n\n".join(said)):
            step = _said(_forgotten(step, said), sentences.refused, step.outcome)
    except ModelError:
        step = _said(_forgotten(step, said), sentences.apology, step.outcome)
    listener.on_text("\n\n".join(message.text for message in step.messages))
    return step


def _said(step: Step, text: str, outcome: str) -> Step:
    """The step with one sentence in place of what it said."""
    details = {**step.details, "trouble": "moderated"}
    return step._replace(messages=(Message(text=text),), outcome=outcome, details=details)


def _forgotten(step: Step, said: list[str]) -> Step:
    """The step without the memory of what was never said."""
    history = step.state.get("history")
    if not isinstance(history, list):
        return step
    unsaid = {text[:1_000] for text in said}
    kept = [line for line in history if not (isinstance(line, dict) and line.get("text") in unsaid)]
    return step._replace(state={**step.state, "history": kept})
