"""Limits and retries of one processing run."""

from __future__ import annotations

from core.backoff import exponential_backoff
from core.model import FrozenModel

_AGE_SHARE = 0.05
"""Share of a reply's age: the longest wait between two tries of a reply that has waited for long."""


class ProcessingLimits(FrozenModel):
    """Limits of one run of the session processor, and its retries. Times are in seconds.

    A turn is given up after `turn_tries` failures, or the deaths of `turn_deaths` workers that had started
    it, a reply after `reply_deaths`, which are more because a send takes longer. `max_copies` bounds the
    sends of a reply whose outcome is unknown and cannot be looked up, `reply_seconds` is the age at which a
    reply that the provider does not accept is given up, `message_seconds` the age after which a message is
    not answered any more (0: never). The wait between two tries grows to `max_delay`, and for a reply that
    has been waiting for long to `max_late_delay`.
    """

    turns: int = 50
    seconds: float = 30.0
    turn_seconds: float = 60.0
    turn_tries: int = 5
    turn_deaths: int = 5
    reply_deaths: int = 10
    max_copies: int = 5
    reply_seconds: float = 24 * 3600.0
    message_seconds: float = 0.0
    max_delay: float = 60.0
    max_late_delay: float = 300.0

    def backoff(self, attempt: int, age: float = 0.0) -> float:
        """Return the seconds to wait before the next try: exponential backoff with jitter.

        The wait stays below `max_delay` for the first twenty minutes of a reply's `age`, so that an outage of
        that length costs no more than its own time.
        """
        late_delay = min(age * _AGE_SHARE, self.max_late_delay)
        return exponential_backoff(attempt, maximum=max(self.max_delay, late_delay))

    def give_up_reason(self, tries: int, deaths: int) -> str:
        """Return why the first turn or the timer becomes a dead letter; empty if it may be tried."""
        if tries >= self.turn_tries:
            return f"gave up after {self.turn_tries} tries"
        if deaths >= self.turn_deaths:
            return f"gave up after {deaths} workers died while answering it"
        return ""
