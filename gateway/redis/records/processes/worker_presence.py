"""Worker liveness: whether a worker is running that processes accepted messages.

A worker's name is known here before RQ lists it, and until RQ lists it no more: a listed worker that is not
known here counts as RQ's own worker, which sends no heartbeats. Heartbeats use the server's clock, so a
worker with a wrong clock counts like any other.
"""

from __future__ import annotations

import redis as sync
from redis.asyncio import Redis

from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits

_LIMITS = ProtocolLimits()


def register(connection: sync.Redis, name: str) -> None:
    """Make the worker `name` known before RQ lists it; it is not alive until its first heartbeat."""
    connection.eval(lua.load_script("announce", _LIMITS).text, 0, name, "1")


async def announce(redis: Redis, name: str) -> None:
    """Record a heartbeat of the worker `name`; to be repeated every second or so."""
    await lua.load_script("announce", _LIMITS)(redis, [name])


def withdraw(connection: sync.Redis, name: str) -> None:
    """Remove the worker `name`, once RQ does not list it any more."""
    connection.zrem("tg:workers", name)


async def any_worker_alive(redis: Redis) -> bool:
    """Return whether any worker is alive."""
    return bool(await lua.load_script("anyone", _LIMITS)(redis, []))
