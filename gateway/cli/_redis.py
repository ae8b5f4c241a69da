"""Redis access for commands that only need one connection, or one to each partition."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from core.errors import ConfigurationError, StorageUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis


T = TypeVar("T")


def run_in_home(work: Callable[[Redis], Awaitable[T]]) -> T:
    """Run `work` in the home partition, which has the data that is not partitioned.

    Raises `ConfigurationError`.
    """
    return run_in_partitions(lambda stores: work(stores[0]))


def run_in_partitions(work: Callable[[Sequence[Redis]], Awaitable[T]]) -> T:
    """Run `work` on all partitions. Raises `ConfigurationError` when a server does not answer."""
    from redis.exceptions import RedisError

    from gateway.config.settings import Settings
    from gateway.partitions.layout import admit_layout
    from gateway.redis.connection.connect import open_partitions
    from gateway.redis.connection.outages.error_messages import describe_redis_error, describe_storage_error
    from gateway.redis.encryption.cipher import use_cipher

    settings = Settings.load()
    url = settings.require_redis_url()

    async def run() -> T:
        stores = open_partitions(url, settings.partitions)
        for redis in stores:
            use_cipher(redis, settings.encryption_ring)
        try:
            await admit_layout(stores[0], settings.partitions)
            return await work(stores)
        except (RedisError, OSError) as error:
            if getattr(error, "filename", None) is not None:  # a file of the command, not the server
                raise
            raise ConfigurationError(describe_redis_error(error)) from error
        except StorageUnavailable as error:
            raise ConfigurationError(describe_storage_error(error)) from error
        finally:
            for redis in stores:
                await redis.aclose()

    return asyncio.run(run())
