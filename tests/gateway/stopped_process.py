"""Stops a process before one of its calls of Redis, so that others act in between or it ends there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

_NEVER = 1_000_000_000


class StoppedCalls:
    """Runs `meanwhile` before the `limit`-th call of clients; a connection error there ends them all."""

    def __init__(
        self, stores: Sequence[Redis], limit: int, meanwhile: Callable[[], Awaitable[object]]
    ) -> None:
        self._stop_at = self._limit = limit
        self._meanwhile = meanwhile
        self.calls = 0
        for each in stores:
            for name in ("execute_multiplexed", "execute_command"):
                if call := getattr(each, name, None):
                    setattr(each, name, self._stop_before(call))

    @property
    def was_stopped(self) -> bool:
        """True if there were as many calls."""
        return self.calls >= self._stop_at

    def _stop_before(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def stopped(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls >= self._limit:
                limit, self._limit = self._limit, _NEVER
                try:
                    await self._meanwhile()
                except RedisConnectionError:
                    self._limit = limit  # every later call fails, too
                    raise
            return await call(*arguments, **options)

        return stopped
