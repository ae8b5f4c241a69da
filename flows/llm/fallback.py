"""Tries models in order until one gives an answer that can be used."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import TypeVar

from flows.llm.model import (
    GeneratedReply,
    Model,
    ModelError,
    ReplyRequest,
    SummaryRequest,
    TextCallback,
    TransitionDecision,
    TransitionRequest,
    discard,
)

log = logging.getLogger("turngate.model")

_Answer = TypeVar("_Answer", TransitionDecision, GeneratedReply)

_UNUSABLE_ISSUES = ("empty", "malformed", "cut")


class FallbackModel:
    """Asks `models` in order; one that failed within the last `rest_seconds` is asked last.

    An empty, unreadable or truncated answer counts as a failure, as long as a later model has a better one.
    """

    def __init__(
        self, models: Sequence[Model], *, rest_seconds: float = 10.0, clock: Callable[[], float] = monotonic
    ) -> None:
        self.name = ",".join(model.name for model in models)
        self._models = list(models)
        self._cooldown_seconds = rest_seconds
        self._clock = clock
        self._cooldown_until = [0.0] * len(models)

    async def decide(self, question: TransitionRequest) -> TransitionDecision:
        """Return the first decision that a model makes."""
        writer = _FirstWriter(question.write)
        return await self._first_answer(
            lambda model: model.decide(question._replace(write=writer.next_callback()))
        )

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Return the first reply that a model writes."""
        writer = _FirstWriter(request.write)
        return await self._first_answer(
            lambda model: model.generate_reply(replace(request, write=writer.next_callback()))
        )

    async def summarize(self, request: SummaryRequest) -> GeneratedReply:
        """Return the first summary that a model writes."""
        return await self._first_answer(lambda model: model.summarize(request))

    async def aclose(self) -> None:
        """Close the connections of all models."""
        for model in self._models:
            await model.aclose()

    async def _first_answer(self, ask: Callable[[Model], Awaitable[_Answer]]) -> _Answer:
        now = self._clock()
        # a model that has just failed is asked last, as its timeout would have to pass again
        order = sorted(range(len(self._models)), key=lambda index: self._cooldown_until[index] > now)
        unusable: list[_Answer] = []
        messages, failures, tokens = list[str](), list[str](), 0
        for index in order:
            model = self._models[index]
            try:
                answer = await ask(model)
            except ModelError as error:
                self._cooldown_until[index] = self._clock() + self._cooldown_seconds
                messages.append(str(error))
                reason = error.reason
            else:
                self._cooldown_until[index] = 0.0
                if answer.issue not in _UNUSABLE_ISSUES:
                    return _with_failures(_choose_answer(answer, unusable), failures, tokens)
                unusable.append(answer)
                tokens += answer.tokens
                reason = answer.issue
            log.warning("model %s gave no answer: %s", model.name, reason)
            failures.append(f"{model.name}:{reason}")
        if unusable:
            best = next((each for each in unusable if each.issue == "cut"), unusable[0])
            return _with_failures(best, failures, tokens - best.tokens)
        raise ModelError("; ".join(messages), failures=tuple(failures))


class _FirstWriter:
    """Lets the first model that streams a text do so; the next one's text replaces it at the end."""

    def __init__(self, write: TextCallback) -> None:
        self._write = write
        self._has_started = False

    def next_callback(self) -> TextCallback:
        """Return the callback for the next model."""
        return discard if self._write is discard or self._has_started else self._stream

    def _stream(self, text: str) -> None:
        self._has_started = True
        self._write(text)


def _choose_answer(answer: _Answer, unusable: Sequence[_Answer]) -> _Answer:
    """Return the answer, or an earlier truncated text if the answer is empty."""
    if isinstance(answer, TransitionDecision):
        says_something = bool(
            answer.edge_id or answer.reply or answer.calls or answer.error_message or answer.issue
        )
    else:
        says_something = bool(answer.text or answer.issue)
    return answer if says_something else next((each for each in unusable if each.issue == "cut"), answer)


def _with_failures(answer: _Answer, failures: Sequence[str], tokens: int) -> _Answer:
    """Return the answer with the failures before it, and the tokens that were spent on them."""
    if not failures:
        return answer
    if isinstance(answer, TransitionDecision):
        return answer._replace(failures=tuple(failures), tokens=answer.tokens + tokens)
    return replace(answer, failures=tuple(failures), tokens=answer.tokens + tokens)
