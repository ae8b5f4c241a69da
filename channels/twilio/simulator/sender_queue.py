"""Queues of the simulated account's SMS senders (Twilio, "Rate limits and message queues")."""

from __future__ import annotations

from typing import Final

SEGMENTS_PER_SECOND: Final = 1.0
"""Throughput of a long code in the US."""
_QUEUE_SECONDS: Final = 4 * 3600
"""A sender's queue holds what it sends in four hours."""


class SenderQueues:
    """Counts the segments that wait at each number; they leave at the number's throughput.

    The statuses of a message do not wait for that.
    """

    def __init__(self, segments_per_second: float = SEGMENTS_PER_SECOND, length: int | None = None) -> None:
        """Create empty queues of `length` segments, by default four hours of the throughput."""
        self._rate = segments_per_second
        self._length = _QUEUE_SECONDS * segments_per_second if length is None else length
        self._waiting: dict[str, tuple[float, float]] = {}

    def add(self, number: str, segments: int, now: float) -> bool:
        """Queue a message; return `False` if the queue of its number has no room for it."""
        waiting, since = self._waiting.get(number, (0.0, now))
        waiting = max(waiting - (now - since) * self._rate, 0.0) + segments
        if waiting > self._length:
            return False
        self._waiting[number] = waiting, now
        return True
