"""Layout: over how many partitions new contacts are spread. Partition 0, the home, says it."""

from __future__ import annotations

import json
from typing import Any, Final

from redis.asyncio import Redis

from core.errors import ConfigurationError

_KEY: Final = "tg:partitions"
_SETTING: Final = "TURNGATE_PARTITIONS"


async def read_spread(home: Redis, count: int) -> int:
    """Return over how many of `count` partitions new contacts are spread; 1 if nothing says so."""
    stored = await home.get(_KEY)
    return min(int(stored or 1), count)


async def admit_layout(home: Redis, count: int) -> int:
    """Return over how many partitions new contacts are spread, all of them where there is no data yet.

    Raises `ConfigurationError` if the data is spread over more than `count`.
    """
    stored = await home.get(_KEY)
    if stored is None and count > 1 and not await home.exists("tg:format", "tg:conversations", "tg:due"):
        await home.set(_KEY, count, nx=True)
        stored = await home.get(_KEY)
    spread = int(stored or 1)
    if spread > count:
        raise ConfigurationError(
            f"{_SETTING} is {count}, but contacts are spread over {spread} partitions, and a process that knows "
            f"fewer would not see them all: set {_SETTING}={spread}"
        )
    return spread


async def spread_over(home: Redis, count: int) -> int:
    """Spread new contacts over `count` partitions from now on; return how many there were before.

    Raises `ConfigurationError` while a process knows fewer, which would send new contacts elsewhere.
    """
    before = await read_spread(home, 64)
    if count < before:
        raise ConfigurationError(
            f"contacts are spread over {before} partitions, and partitions cannot be taken away; set {_SETTING} "
            f"to {before}"
        )
    behind = sorted(name for name, known in (await _read_known(home)).items() if known < count)
    if behind:
        raise ConfigurationError(
            f"start these processes again with {_SETTING}={count} first, or they would send new contacts "
            f"elsewhere: {', '.join(behind)}"
        )
    await home.set(_KEY, count)
    return before


async def _read_known(home: Redis) -> dict[str, int]:
    """Return how many partitions each running process knows."""
    entries: Any = await home.zrange("tg:processes", 0, -1)
    processes = [json.loads(each) for each in entries]
    return {
        f"{each['role']} {each['host']}:{each['pid']}": int(each.get("partitions", 1)) for each in processes
    }
