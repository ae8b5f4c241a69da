"""Summarizes the beginning of a long history in the background while a turn is answered."""

from __future__ import annotations

import asyncio
import logging

from core.steps import Step
from core.time_limit import TimeLimit
from flows.engine.turn_context import TurnContext
from flows.llm import GeneratedReply, Model, SummaryRequest
from flows.llm.rules import RulesModel
from flows.state import MAX_HISTORY_LINES, MAX_SUMMARY_LENGTH, DialogState

log = logging.getLogger("turngate.flows")

SUMMARY_THRESHOLD = MAX_HISTORY_LINES - 2
"""Number of history lines from which on the next turn may exceed the history's limit."""

SUMMARIZED_LINES = 28
"""Number of lines that are summarized at a time; large, because each summary costs a model call."""

_SUMMARY_TIMEOUT_SECONDS = 5.0
"""Time that an answered turn waits for the summary."""


class HistorySummarizer:
    """Summarizes the oldest lines of a history.

    When it fails or times out, the turn is not affected: the lines stay until the history is full, and the
    next turn tries again.
    """

    def __init__(self, state: DialogState, model: Model) -> None:
        self._lines = state.history[:SUMMARIZED_LINES]
        request = SummaryRequest(previous_summary=state.summary, lines=self._lines)
        self._task = asyncio.create_task(_summarize(model, request))

    async def apply(self, context: TurnContext) -> None:
        """Wait for the summary and replace its lines in the state."""
        try:
            with TimeLimit(_SUMMARY_TIMEOUT_SECONDS):
                summary = await self._task
        except Exception as error:  # no error of the summary may cost the turn its answer
            log.warning("history summary failed and will be retried next turn: %s", type(error).__name__)
            return
        context.record_usage(summary.tokens, summary.model)
        if text := summary.text.strip():
            state, last = context.state, self._lines[-1]
            state.summary = text[:MAX_SUMMARY_LENGTH]
            end = next((number for number, line in enumerate(state.history, 1) if line is last), 0)
            state.history = state.history[end:]

    async def cancel(self) -> None:
        """Cancel the request if it is still running, so that nothing outlives the turn."""
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.exception()  # retrieved, or asyncio would log it after a failed turn


async def _summarize(model: Model, request: SummaryRequest) -> GeneratedReply:
    with Step("model", {"model": model.name, "operation": "summarize"}):
        return await model.summarize(request)


def start_summary(state: DialogState, model: Model) -> HistorySummarizer | None:
    """Start a summary when the history is nearly full, unless the model cannot write."""
    if len(state.history) < SUMMARY_THRESHOLD or isinstance(model, RulesModel):
        return None
    return HistorySummarizer(state, model)
