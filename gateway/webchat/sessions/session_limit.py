"""Limit of new web sessions: any client that sends an allowed Origin header gets a token."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from redis.asyncio import Redis

from gateway.access.request_source import group_address

_HOUR_SECONDS: Final = 3600


class SessionLimit:
    """Counts the sessions that each address was given within an hour, over all web processes."""

    def __init__(self, redis: Redis, per_hour: int) -> None:
        """Create the limit; 0 sessions per hour means without limit."""
        self._redis = redis
        self._per_hour = per_hour

    async def seconds_until_allowed(self, address: str) -> int:
        """Count a session of a client's address; return 0 if it may have it, or how long to wait.

        Raises `RedisError`.
        """
        if not self._per_hour:
            return 0
        digest = hashlib.sha256(group_address(address).encode()).hexdigest()[:32]
        key = f"tg:web_sessions:{digest}"
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, _HOUR_SECONDS, nx=True)
            pipeline.ttl(key)
            results: Any = await pipeline.execute()
        number, _, seconds = results
        return 0 if int(number) <= self._per_hour else max(int(seconds), 1)
