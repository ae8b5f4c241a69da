"""Tries models in order until one answers."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import TypeVar

from flows.llm.model import (
    GeneratedReply,
    Model,
    ModelError,
    ReplyRequest,
    SummaryRequest,
    TransitionDecision,
    TransitionRequest,
)

log = logging.getLogger("turngate.model")

_Answer = TypeVar("_Answer", TransitionDecision, GeneratedReply)


class FallbackModel:
    """Asks `models` in order; one that failed within the last `rest_seconds` is asked last."""

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
        return await self._first_answer(lambda model: model.decide(question))

    async def generate_reply(self, request: ReplyRequest) -> GeneratedReply:
        """Return the first reply that a model writes."""
        return await self._first_answer(lambda model: model.generate_reply(request))

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
        reasons = []
        for index in order:
            try:
                answer = await ask(self._models[index])
            except ModelError as error:
                log.warning("model %s gave no answer", self._models[index].name)
                reasons.append(str(error))
                self._cooldown_until[index] = self._clock() + self._cooldown_seconds
            else:
                self._cooldown_until[index] = 0.0
                return answer
        raise ModelError("; ".join(reasons))
