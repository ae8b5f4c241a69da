"""Plan of a load test: rate, duration, texts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """Messages per second, for `seconds`; each contact sends the `texts` in turn, each after a reply.

    A message without a reply after `patience` seconds counts as unanswered. `first_contact` is the number of
    the first contact, so that two tests of one installation have different ones.
    """

    rate: float
    seconds: float
    texts: tuple[str, ...] = ("hi",)
    patience: float = 30.0
    first_contact: int = 0

    @property
    def messages(self) -> int:
        """Number of messages."""
        return max(round(self.rate * self.seconds), 1)
