"""A model that says what it was told to, for tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from flows.llm.model import Condense, Decide, Decision, ModelError, Speak, Speech

_Item = TypeVar("_Item", Decision, Speech)


class ScriptedModel:
    """Gives `decisions` one by one and keeps every question; an exception among them is raised.

    Without `summaries` it is a model that writes none.
    """

    name = "scripted"

    def __init__(
        self,
        decisions: Iterable[Decision | Exception] = (),
        speeches: Iterable[Speech | Exception] = (),
        summaries: Iterable[Speech | Exception] = (),
    ) -> None:
        self._decisions = list(decisions)
        self._speeches = list(speeches)
        self._summaries = list(summaries)
        self.questions: list[Decide] = []
        self.requests: list[Speak] = []
        self.condensed: list[Condense] = []

    async def decide(self, question: Decide) -> Decision:
        """The next decision. Raises `ModelError` when the script is at its end."""
        self.questions.append(question)
        return _next(self._decisions)

    async def speak(self, request: Speak) -> Speech:
        """The next speech. Raises `ModelError` when the script is at its end."""
        self.requests.append(request)
        return _next(self._speeches)

    async def condense(self, request: Condense) -> Speech:
        """The next summary; nothing at the script's end."""
        self.condensed.append(request)
        return _next(self._summaries) if self._summaries else Speech()

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    def assert_complete(self) -> None:
        """Fail when a part of the script was not asked for."""
        assert not self._decisions, f"not asked for: {self._decisions}"
        assert not self._speeches, f"not asked for: {self._speeches}"
        assert not self._summaries, f"not asked for: {self._summaries}"


def _next(script: list[_Item | Exception]) -> _Item:
    if not script:
        raise ModelError("the script is at its end")
    item = script.pop(0)
    if isinstance(item, Exception):
        raise item
    return item
