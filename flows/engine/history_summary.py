"""What a long conversation remembers of its beginning: a few sentences, made while a turn is answered."""

from __future__ import annotations

import asyncio
import logging

from core.time_limit import TimeLimit
from flows.engine.response_builder import Speaker
from flows.llm.model import Condense, Model
from flows.llm.rules.model import RulesModel
from flows.state.dialog_state import LONGEST_HISTORY, LONGEST_SUMMARY, DialogState

log = logging.getLogger("turngate.flows")

FULL = LONGEST_HISTORY - 2
"""How many lines a history has when the next turn may push some out."""

OLDEST = 28
"""How many lines are summarised at a time: every summary is a call of the model, so there are to be few."""

_PATIENCE = 5.0
"""Seconds for which a turn that is answered waits for the summary."""


class Summary:
    """The oldest lines of a history on their way into the summary.

    It is a courtesy: where it fails or takes too long the turn is none the worse, its lines stay until they
    are pushed out, and the next turn tries again.
    """

    def __init__(self, state: DialogState, model: Model) -> None:
        self._lines = state.history[:OLDEST]
        request = Condense(before=state.summary, lines=self._lines)
        self._making = asyncio.create_task(model.condense(request))

    async def take_over(self, speaker: Speaker) -> None:
        """Put the summary in the place of its lines, once it is there."""
        try:
            with TimeLimit(_PATIENCE):
                made = await self._making
        except Exception as error:  # whatever it is, the turn has its answer
            log.warning("no summary of the conversation so far: %s", type(error).__name__)
            return
        speaker.count(made.tokens, made.model)
        if text := made.text.strip():
            state, last = speaker.state, self._lines[-1]
            state.summary = text[:LONGEST_SUMMARY]
            done = next((number for number, line in enumerate(state.history, 1) if line is last), 0)
            state.history = state.history[done:]

    async def give_up(self) -> None:
        """Stop what is not done; nothing of a turn goes on behind it."""
        if not self._making.done():
            self._making.cancel()
            await asyncio.wait({self._making})
        if not self._making.cancelled():
            self._making.exception()  # after a turn that failed nobody else looks, and asyncio would complain


def summary_of(state: DialogState, model: Model) -> Summary | None:
    """Begin one where the history is full, unless the model cannot write."""
    if len(state.history) < FULL or isinstance(model, RulesModel):
        return None
    return Summary(state, model)
