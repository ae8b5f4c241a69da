"""Which workers are alive right now, so that readiness means that a message would be answered.

By the server's clock: a worker whose own is wrong is as alive as any other.
"""

from __future__ import annotations

from redis.asyncio import Redis

from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits

_LIMITS = ProtocolLimits()


async def announce(redis: Redis, name: str) -> None:
    """Say that the worker `name` is alive; to be repeated every second or so."""
    await lua.load_script("announce", _LIMITS)(redis, [name])


async def withdraw(redis: Redis, name: str) -> None:
    """Say that the worker `name` has ended."""
    await redis.zrem("tg:workers", name)


async def any_worker_alive(redis: Redis) -> bool:
    """Whether any worker would take a job now."""
    return bool(await lua.load_script("anyone", _LIMITS)(redis, []))
