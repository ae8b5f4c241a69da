"""Layout: the number of partitions over which new contacts are spread, stored in partition 0 (home)."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import WatchError

from core.errors import ConfigurationError, StorageUnavailable
from gateway.redis.records.processes.process_versions import read_processes

_KEY: Final = "tg:partitions"
_SETTING: Final = "TURNGATE_PARTITIONS"


async def read_spread(home: Redis, count: int) -> int:
    """Return over how many of `count` partitions new contacts are spread; 1 if that is not stored.

    Raises `StorageUnavailable` if there are more: the server was unavailable when this process started.
    """
    spread = int(await home.get(_KEY) or 1)
    if spread > count:
        raise StorageUnavailable(_describe_missing(spread, count))
    return spread


async def admit_layout(home: Redis, count: int, *, claims: bool = False) -> int:
    """Return over how many partitions new contacts are spread, all of them where there is no data yet.

    Raises `ConfigurationError` if the data is spread over more than `count`. A process `claims` an empty
    server for one partition, too: another one that starts at the same moment may know several.
    """
    stored = await home.get(_KEY)
    if (
        stored is None
        and (claims or count > 1)
        and not await home.exists("tg:format", "tg:conversations", "tg:due")
    ):
        await home.set(_KEY, count, nx=True)
        stored = await home.get(_KEY)
    spread = int(stored or 1)
    if spread > count:
        raise ConfigurationError(_describe_missing(spread, count))
    return spread


def _describe_missing(spread: int, count: int) -> str:
    return (
        f"{_SETTING} is {count}, but contacts are spread over {spread} partitions, and a process with a "
        f"lower number would not see them all: set {_SETTING}={spread}"
    )


def check_number(number: int, count: int) -> int:
    """Return the number of a partition. Raises `StorageUnavailable` if it is none of `count`.

    This process began, with too low a setting, just when contacts were spread over more partitions.
    """
    if number >= count:
        raise StorageUnavailable(_describe_missing(number + 1, count))
    return number


async def check_processes(home: Redis, count: int) -> None:
    """Raise `ConfigurationError` while a process knows fewer partitions: it would not see all contacts."""
    behind = [each.name for each in await read_processes(home) if each.partitions < count]
    if behind:
        raise ConfigurationError(
            f"restart these processes with {_SETTING}={count} first, or they would assign new contacts "
            f"elsewhere: {', '.join(behind)}"
        )


async def spread_over(home: Redis, count: int) -> int:
    """Spread new contacts over `count` partitions from now on; return how many there were before.

    Raises `ConfigurationError` while a process knows fewer, or if there are more already, also by another
    command at the same time.
    """
    await check_processes(home, count)
    while True:
        async with home.pipeline(transaction=True) as pipeline:
            await pipeline.watch(_KEY)
            before = int(await pipeline.get(_KEY) or 1)
            if count < before:
                raise ConfigurationError(
                    f"contacts are spread over {before} partitions, and the number cannot be reduced; set "
                    f"{_SETTING}={before}"
                )
            pipeline.multi()  # type: ignore[no-untyped-call]
            pipeline.set(_KEY, count)
            with suppress(WatchError):
                await pipeline.execute()
                return before
