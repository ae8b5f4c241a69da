"""Readiness: whether a webhook would be stored, and whether a worker is alive to process it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError, RedisError

from core.errors import ConfigurationError
from gateway.redis import lua
from gateway.redis.connection.checks import server_checks
from gateway.redis.connection.outages.error_messages import describe_redis_error
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.processes import process_versions, worker_presence

_CACHE_SECONDS = 1.0


class Readiness:
    """Two separate checks. Results are cached for `cache_seconds`, so that probes cannot load the server."""

    def __init__(
        self,
        redis: Redis,
        cache_seconds: float = _CACHE_SECONDS,
        confirmation: ReplicaConfirmation | None = None,
        protocol: ProtocolLimits | None = None,
    ) -> None:
        self._redis = redis
        self._confirmation = confirmation
        self._probe = lua.load_script("check_writable", protocol or ProtocolLimits())
        self.storage_problem = _CachedCheck(self._check_storage, cache_seconds)
        self.worker_problem = _CachedCheck(self._check_workers, cache_seconds)

    async def _check_storage(self) -> str:
        """Return why a webhook would not be stored now; empty if it would.

        The check is a write of the same kind, and a look at the keys with which a message is encrypted.
        """
        try:
            await self._check_version()
            await self._write()
            await cipher_of(self._redis).check()
            if reason := process_versions.describe_distance(await process_versions.read_format(self._redis)):
                return reason
            if self._confirmation is not None:
                return await self._confirmation.find_problem()
        except ConfigurationError as error:
            return str(error)
        except (RedisError, OSError) as error:
            return describe_redis_error(error)
        return ""

    async def _check_version(self) -> None:
        try:
            await server_checks.check_version(self._redis)
        except NoPermissionError:  # a managed server may hide it
            return

    async def _write(self) -> None:
        """Write once more after a connection error, as the inbox does."""
        try:
            await self._probe(self._redis, [])
        except RedisConnectionError:
            await self._probe(self._redis, [])

    async def _check_workers(self) -> str:
        """Return why nothing would be processed now; empty if a worker is alive."""
        try:
            if await worker_presence.any_worker_alive(self._redis):
                return ""
        except (RedisError, OSError) as error:
            return describe_redis_error(error)
        return "no worker is running; start one with `turngate worker`"


class _CachedCheck:
    """Runs a check at most once in `seconds`; concurrent callers share one run."""

    def __init__(self, check: Callable[[], Awaitable[str]], seconds: float) -> None:
        self._check = check
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._answer = ""
        self._valid_until = 0.0

    async def __call__(self) -> str:
        async with self._lock:
            if monotonic() >= self._valid_until:
                self._answer = await self._check()
                self._valid_until = monotonic() + self._seconds
            return self._answer
