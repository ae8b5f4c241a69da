"""Limits and retries of one processing run."""

from __future__ import annotations

from core.backoff import exponential_backoff
from core.model import FrozenModel


class ProcessingLimits(FrozenModel):
    """Limits of one run of the session processor, and its retries. Times are in seconds."""

    turns: int = 50
    seconds: float = 30.0
    turn_seconds: float = 60.0
    turn_tries: int = 5
    turn_deaths: int = 5
    send_tries: int = 8
    max_delay: float = 60.0

    def backoff(self, attempt: int) -> float:
        """Return the seconds to wait before the next try: exponential backoff with jitter."""
        return exponential_backoff(attempt, maximum=self.max_delay)
