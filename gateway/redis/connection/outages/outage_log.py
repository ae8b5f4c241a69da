"""Log of Redis' outages: a line when one begins, one every half a minute, and one at its end."""

from __future__ import annotations

import logging
from time import monotonic

from core.errors import GatewayError
from core.log_context import log_extra
from gateway.redis.connection.outages.error_messages import describe_redis_error, describe_storage_error

log = logging.getLogger("turngate.redis")

_REMINDER_SECONDS = 30.0


class OutageLog:
    """Tracks which of a process's periodic steps fail; concurrent failures count as one outage."""

    def __init__(self) -> None:
        self._failing: set[str] = set()
        self._kinds: set[str] = set()
        self._began_at = 0.0
        self._next_line_at = 0.0

    def record_failure(self, step: str, error: Exception) -> None:
        """Record that a step failed; the first failure, each new kind of error and a reminder are logged."""
        now = monotonic()
        kind = (
            describe_storage_error(error) if isinstance(error, GatewayError) else describe_redis_error(error)
        )
        if not self._failing:
            self._kinds, self._began_at, self._next_line_at = set(), now, 0.0
        self._failing.add(step)
        if kind in self._kinds and now < self._next_line_at:
            return
        self._kinds.add(kind)
        self._next_line_at = now + _REMINDER_SECONDS
        since = now - self._began_at
        log.warning(
            "%s failed; retrying: %s%s",
            step,
            kind,
            f" (for {since:.0f} s now)" if since >= 1 else "",
            extra=log_extra("redis_unavailable", reason=type(error).__name__),
        )

    def forget(self, step: str) -> None:
        """Forget a step that ends, successful or not."""
        self._failing.discard(step)

    def record_success(self, step: str) -> None:
        """Record that a step succeeded; with the last one that failed, the outage is over."""
        if step not in self._failing:
            return
        self._failing.discard(step)
        if not self._failing:
            seconds = monotonic() - self._began_at
            log.warning("Redis works again after %.0f s", seconds, extra=log_extra("redis_available"))


outages = OutageLog()
"""The outages of this process."""
