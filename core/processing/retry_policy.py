"""How much a drain does, and how often it tries."""

from __future__ import annotations

import random

from core.model import FrozenModel


class ProcessingLimits(FrozenModel):
    """How much one drain may do, and how often it tries. Times are in seconds."""

    turns: int = 50
    seconds: float = 30.0
    turn_seconds: float = 60.0
    turn_tries: int = 5
    send_tries: int = 8
    max_delay: float = 60.0

    def backoff(self, attempt: int) -> float:
        """Full-range jitter over a doubling wait, in seconds."""
        longest = min(self.max_delay, 0.5 * 2.0 ** min(attempt, 16))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards nothing
