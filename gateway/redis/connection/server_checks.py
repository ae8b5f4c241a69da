"""Checks at start-up whether a Redis server is suitable: version, eviction policy, persistence."""

from __future__ import annotations

import logging
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from core.errors import ConfigurationError

log = logging.getLogger("turngate.redis")

MIN_VERSION = (6, 2)


async def check_version(redis: Redis) -> None:
    """Raise `ConfigurationError` when the server is too old."""
    info: dict[str, Any] = await redis.info("server")
    version = str(info.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < MIN_VERSION:
        raise ConfigurationError(
            f"REDIS_URL: server version {version} is too old; Redis 6.2 or later, or Valkey, is required"
        )


async def check_server(redis: Redis) -> list[str]:
    """Return the problems of the server as sentences; empty if there are none.

    Raises `ConfigurationError` when it is too old. A managed server may hide its configuration; what cannot
    be read is not reported.
    """
    await check_version(redis)
    problems = []
    policy = await _read_config(redis, "maxmemory-policy")
    if policy not in (None, "noeviction"):
        problems.append(f"Redis may evict queued messages: set maxmemory-policy to noeviction (now {policy})")
    if await _read_config(redis, "appendonly") == "no":
        problems.append("Redis loses accepted messages in a crash: set appendonly to yes (now no)")
    return problems


async def log_warnings(redis: Redis) -> None:
    """Log the problems of the server; nothing while it cannot be reached, which is reported elsewhere."""
    try:
        for problem in await check_server(redis):
            log.warning("%s", problem)
    except (RedisError, OSError):
        return


async def _read_config(redis: Redis, name: str) -> str | None:
    try:
        config: dict[Any, Any] = await redis.config_get(name)
    except ResponseError:  # many managed servers refuse CONFIG
        return None
    for value in config.values():
        return value.decode() if isinstance(value, bytes) else str(value)
    return None
