"""Redis access for commands that only need one connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from core.errors import ConfigurationError, StorageUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis


T = TypeVar("T")


def run_with_redis(work: Callable[[Redis], Awaitable[T]]) -> T:
    """Run `work` on the configured server. Raises `ConfigurationError` when it does not answer."""
    from redis.exceptions import RedisError

    from gateway.config.settings import Settings
    from gateway.redis.connection.connect import open_redis
    from gateway.redis.connection.error_messages import describe_redis_error
    from gateway.redis.encryption.cipher import use_cipher

    settings = Settings.load()
    url = settings.require_redis_url()

    async def run() -> T:
        redis = open_redis(url)
        use_cipher(redis, settings.encryption_ring)
        try:
            return await work(redis)
        except (RedisError, OSError) as error:
            raise ConfigurationError(describe_redis_error(error)) from error
        except StorageUnavailable as error:
            raise ConfigurationError(str(error)) from error
        finally:
            await redis.aclose()

    return asyncio.run(run())
