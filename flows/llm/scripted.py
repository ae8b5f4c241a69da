"""Model with scripted answers, for tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from flows.llm.model import (
    GeneratedReply,
    ModelError,
    ReplyRequest,
    SummaryRequest,
    TransitionDecision,
    TransitionRequest,
)

_Scripted = TypeVar("_Scripted", TransitionDecision, GeneratedReply)


class ScriptedModel:
    """Returns `decisions` one by one and records every request; an exception among them is raised.

    Without `summaries` it returns empty ones.
    """

    name = "scripted"

    def __init__(
        self,
        decisions: Iterable[TransitionDecision | Exception] = (),
        speeches: Iterable[GeneratedReply | Exception] = (),
        summaries: Iterable[GeneratedReply | Exception] = (),
    ) -> None:
        self._decisions = list(decisions)
        self._replies = list(speeches)
        self._summaries = list(summaries)
        self.transition_requests: list[TransitionRequest] = []
        self.reply_requests: list[ReplyRequest] = []
        self.summary_requests: list[SummaryRequest] = []

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """Return the next decision. Raises `ModelError` at the end of the script."""
        self.transition_requests.append(question)
        return _next_item(self._decisions)

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Return the next reply. Raises `ModelError` at the end of the script."""
        self.reply_requests.append(request)
        return _next_item(self._replies)

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Return the next summary; an empty one at the end of the script."""
        self.summary_requests.append(request)
        return _next_item(self._summaries) if self._summaries else GeneratedReply()

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""

    def assert_complete(self) -> None:
        """Fail if a part of the script was not requested."""
        assert not self._decisions, f"not asked for: {self._decisions}"
        assert not self._replies, f"not asked for: {self._replies}"
        assert not self._summaries, f"not asked for: {self._summaries}"


def _next_item(script: list[_Scripted | Exception]) -> _Scripted:
    if not script:
        raise ModelError("the script is at its end")
    item = script.pop(0)
    if isinstance(item, Exception):
        raise item
    return item
