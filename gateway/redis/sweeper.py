"""Sweeper: re-enqueues sessions whose wake-up was lost, whose worker died, or whose time has come (L8)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from core.log_context import log_extra
from gateway.redis import lua, rq_layout
from gateway.redis.connection.outages.retry_loop import run_forever
from gateway.redis.lua import ProtocolLimits

log = logging.getLogger("turngate.redis")

_MAX_SESSIONS_PER_SWEEP = 200


class Sweeper:
    """Reads the due index every `pause` seconds. Any number may run: each sweep is one atomic step."""

    def __init__(
        self,
        redis: Redis,
        protocol: ProtocolLimits | None = None,
        pause: float = 0.5,
        release_due: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """Create a sweeper; each sweep also calls `release_due`, which sends scheduled messages."""
        self._release_due = release_due
        self._redis = redis
        self._script = lua.load_script("sweep", protocol or ProtocolLimits())
        self._interval = pause

    async def sweep(self) -> int:
        """Re-enqueue overdue sessions; return how many. Scheduled messages that are due are sent before."""
        if self._release_due:
            await self._release_due()
        enqueued: int = 0
        while True:
            looked_at, enqueued_count, given_up = await self._script(
                self._redis, [rq_layout.current_timestamp(), _MAX_SESSIONS_PER_SWEEP]
            )
            enqueued += enqueued_count
            if given_up:
                log.warning(
                    "%d replies were not delivered and are not kept any more to be sent again: they are dead "
                    "letters; see `turngate dead list`",
                    given_up,
                    extra=log_extra("dead_letter_added"),
                )
            if looked_at < _MAX_SESSIONS_PER_SWEEP:
                return enqueued

    async def run(self) -> None:
        """Sweep until cancelled; errors of the server are logged and retried."""
        await run_forever(self.sweep, self._interval, "recovery sweep")
