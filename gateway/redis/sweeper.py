"""Law L8: finding the sessions whose wake-up was lost, whose worker died, or whose time has come."""

from __future__ import annotations

from redis.asyncio import Redis

from gateway.redis import lua as scripts
from gateway.redis import rq_layout as layout
from gateway.redis.connection.retry_loop import repeat
from gateway.redis.lua import Protocol

_SESSIONS_A_SWEEP = 200


class Sweeper:
    """Looks at the due index once a `pause`. Any number may run: each sweep is one atomic step."""

    def __init__(self, redis: Redis, protocol: Protocol | None = None, pause: float = 0.5) -> None:
        self._redis = redis
        self._script = scripts.load("sweep", protocol or Protocol())
        self._pause = pause

    async def sweep(self) -> int:
        """Re-enqueue what is overdue; returns how many sessions that were."""
        enqueued: int = 0
        while True:
            looked_at, woken = await self._script(self._redis, [layout.stamp(), _SESSIONS_A_SWEEP])
            enqueued += woken
            if looked_at < _SESSIONS_A_SWEEP:
                return enqueued

    async def run(self) -> None:
        """Sweep until cancelled, through any trouble of the server."""
        await repeat(self.sweep, self._pause, "looking for overdue sessions")
