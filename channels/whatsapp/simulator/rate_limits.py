"""Rate limits of the simulated number: throughput, and pair of numbers."""

from __future__ import annotations

from collections import deque
from typing import Final

_MAX_MESSAGES_PER_SECOND: Final = 80
_PAIR_BURST: Final = 45
_PAIR_SECONDS: Final = 6.0


class SendLimiter:
    """Counts the messages of one number."""

    def __init__(self) -> None:
        self._recent_sends: deque[float] = deque()
        self._pair_limited_until: dict[str, float] = {}

    def check(self, to: str, now: float) -> int:
        """Return the error code of an exceeded limit, 0 if none: throughput and pair rate limit.

        A pair of numbers may send one message per six seconds on average (Meta, "Pair rate limits").
        """
        while self._recent_sends and self._recent_sends[0] <= now - 1:
            self._recent_sends.popleft()
        if len(self._recent_sends) >= _MAX_MESSAGES_PER_SECOND:
            return 130429
        limited_until = max(self._pair_limited_until.get(to, now), now)
        if limited_until - now >= _PAIR_BURST * _PAIR_SECONDS:
            return 131056
        self._pair_limited_until[to] = limited_until + _PAIR_SECONDS
        self._recent_sends.append(now)
        return 0
