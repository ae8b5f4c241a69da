"""Law L8: finding the sessions whose wake-up was lost, whose worker died, or whose time has come."""

from __future__ import annotations

import asyncio
import logging

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.redis import layout, scripts
from gateway.redis.scripts import Protocol

log = logging.getLogger("turngate.sweeper")

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
        while True:
            try:
                await self.sweep()
            except (RedisError, OSError) as error:
                log.warning("sweep failed, will be tried again: %s", type(error).__name__)
            await asyncio.sleep(self._pause)
