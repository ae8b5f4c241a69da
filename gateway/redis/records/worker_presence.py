"""Worker liveness: readiness means that a message would be answered.

Heartbeats use the server's clock, so a worker with a wrong clock counts like any other.
"""

from __future__ import annotations

from redis.asyncio import Redis

from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits

_LIMITS = ProtocolLimits()


async def announce(redis: Redis, name: str) -> None:
    """Record a heartbeat of the worker `name`; to be repeated every second or so."""
    await lua.load_script("announce", _LIMITS)(redis, [name])


async def withdraw(redis: Redis, name: str) -> None:
    """Remove the worker `name`."""
    await redis.zrem("tg:workers", name)


async def any_worker_alive(redis: Redis) -> bool:
    """Return whether any worker is alive."""
    return bool(await lua.load_script("anyone", _LIMITS)(redis, []))
