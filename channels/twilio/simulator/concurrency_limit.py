"""Limit of the simulated account's concurrent API requests (Twilio, "Rate limits and error 20429")."""

from __future__ import annotations

from dataclasses import replace
from heapq import heappop, heappush
from typing import Final

from channels._kit.simulator import Fault, SimulatorResponse
from channels.twilio.simulator.responses import FAULT_RESPONSES

MAX_REQUESTS: Final = 1000
"""Twilio does not publish its limit; this one is above what the gateway's own load tests reach."""
_REQUEST_SECONDS: Final = 0.1


class ConcurrencyLimit:
    """Counts the requests in progress. A request takes 0.1 s at the provider, and its response's delay."""

    def __init__(self, max_requests: int) -> None:
        self._max_requests = max_requests
        self._ends: list[float] = []

    def refuse(self, now: float) -> SimulatorResponse | None:
        """Return the error of a request over the limit, which is not processed; `None` within it."""
        while self._ends and self._ends[0] <= now:
            heappop(self._ends)
        if len(self._ends) < self._max_requests:
            return None
        return self._add_header(FAULT_RESPONSES[Fault.TOO_MANY])

    def count(self, response: SimulatorResponse, now: float) -> SimulatorResponse:
        """Count a request until its response, which says how many are in progress."""
        heappush(self._ends, now + _REQUEST_SECONDS + response.delay)
        return self._add_header(response)

    def _add_header(self, response: SimulatorResponse) -> SimulatorResponse:
        return replace(
            response, headers={**response.headers, "twilio-concurrent-requests": str(len(self._ends))}
        )
