"""What a long conversation remembers of its beginning: a few sentences, made while a turn is answered."""

from __future__ import annotations

import asyncio
import logging

from core.time_limit import TimeLimit
from flows.engine.turn_context import TurnContext
from flows.llm import Model, SummaryRequest
from flows.llm.rules import RulesModel
from flows.state import MAX_HISTORY_LINES, MAX_SUMMARY_LENGTH, DialogState

log = logging.getLogger("turngate.flows")

SUMMARY_THRESHOLD = MAX_HISTORY_LINES - 2
"""How many lines a history has when the next turn may push some out."""

SUMMARIZED_LINES = 28
"""How many lines are summarised at a time: every summary is a call of the model, so there are to be few."""

_SUMMARY_TIMEOUT_SECONDS = 5.0
"""Seconds for which a turn that is answered waits for the summary."""


class HistorySummarizer:
    """The oldest lines of a history on their way into the summary.

    It is a courtesy: where it fails or takes too long the turn is none the worse, its lines stay until they
    are pushed out, and the next turn tries again.
    """

    def __init__(self, state: DialogState, model: Model) -> None:
        self._lines = state.history[:SUMMARIZED_LINES]
        request = SummaryRequest(previous_summary=state.summary, lines=self._lines)
        self._task = asyncio.create_task(model.summarize(request))

    async def apply(self, context: TurnContext) -> None:
        """Put the summary in the place of its lines, once it is there."""
        try:
            with TimeLimit(_SUMMARY_TIMEOUT_SECONDS):
                made = await self._task
        except Exception as error:  # whatever it is, the turn has its answer
            log.warning("no summary of the conversation so far: %s", type(error).__name__)
            return
        context.record_usage(made.tokens, made.model)
        if text := made.text.strip():
            state, last = context.state, self._lines[-1]
            state.summary = text[:MAX_SUMMARY_LENGTH]
            done = next((number for number, line in enumerate(state.history, 1) if line is last), 0)
            state.history = state.history[done:]

    async def cancel(self) -> None:
        """Stop what is not done; nothing of a turn goes on behind it."""
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.exception()  # after a turn that failed nobody else looks, and asyncio would complain


def start_summary(state: DialogState, model: Model) -> HistorySummarizer | None:
    """Begin one where the history is full, unless the model cannot write."""
    if len(state.history) < SUMMARY_THRESHOLD or isinstance(model, RulesModel):
        return None
    return HistorySummarizer(state, model)
