"""Rate limit of the simulated app (Sunshine Conversations, "Rate limits")."""

from __future__ import annotations

from typing import Final

MAX_REQUESTS_PER_SECOND: Final = 1000
"""Zendesk does not publish its limit; this one is above what load tests reach."""


class RateLimit:
    """Counts the requests of each second."""

    def __init__(self, max_requests: int) -> None:
        self._max_requests = max_requests
        self._second, self._requests = 0, 0

    def count_request(self, now: float) -> bool:
        """Count a request; return whether it is within the limit."""
        if int(now) != self._second:
            self._second, self._requests = int(now), 0
        self._requests += 1
        return self._requests <= self._max_requests
