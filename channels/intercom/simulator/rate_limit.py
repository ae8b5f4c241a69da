"""Rate limit of the simulated workspace, and its headers (Intercom, "Rate limiting")."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from channels._kit.simulator import SimulatorResponse

MAX_CALLS_PER_WINDOW: Final = 1667
_WINDOW_SECONDS: Final = 10.0


class RateLimit:
    """Counts calls in windows of ten seconds, each of which allows a sixth of a minute's limit."""

    def __init__(self, calls_per_window: int) -> None:
        self._max_calls = calls_per_window
        self._window, self._calls = 0.0, 0

    def count_call(self, now: float) -> bool:
        """Count a call; return whether it is within the limit."""
        if now - self._window >= _WINDOW_SECONDS:
            self._window, self._calls = now - now % _WINDOW_SECONDS, 0
        self._calls += 1
        return self._calls <= self._max_calls

    def add_headers(self, response: SimulatorResponse) -> SimulatorResponse:
        """Return the response with the headers of the limit."""
        limits = {
            "x-ratelimit-limit": str(self._max_calls),
            "x-ratelimit-remaining": str(max(self._max_calls - self._calls, 0)),
            "x-ratelimit-reset": str(int(self._window + _WINDOW_SECONDS)),
        }
        return replace(response, headers={**limits, **response.headers})
