"""Clients that follow a primary through its Sentinels: they are asked whenever a connection is made."""

from __future__ import annotations

from typing import Any

import redis as sync
from redis.asyncio.connection import BlockingConnectionPool
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel as SyncSentinel
from redis.sentinel import SentinelManagedConnection as SyncSentinelManagedConnection
from redis.sentinel import SentinelManagedSSLConnection as SyncSentinelManagedSSLConnection

from gateway.redis.connection.address import SentinelAddress
from gateway.redis.connection.primary_connection import PrimaryConnection, SyncPrimaryConnection

# with the host of one Sentinel gone, each discovery waits this long for it
_SENTINEL_TIMEOUTS = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
# redis-py would ask a Sentinel ten times with pauses before it asks the next one
_ASYNC_ONCE, _ONCE = AsyncRetry(NoBackoff(), 0), Retry(NoBackoff(), 0)
_COPIED_OPTIONS = ("db", "username", "password")


class _SentinelConnection(PrimaryConnection, SentinelManagedConnection):
    """A connection whose next use asks the Sentinels if the server may be a former primary.

    redis-py's own asks again after READONLY only. A primary that is cut off from its replicas and from the
    Sentinels answers NOREPLICAS, until they reach it again.
    """

    async def connect(self) -> None:
        """Connect, unless the connection leads to the primary."""
        await self.close_outdated()
        await super().connect()  # type: ignore[no-untyped-call]


class _SecureSentinelConnection(_SentinelConnection, SentinelManagedSSLConnection):
    """The same by TLS."""


class _SyncSentinelConnection(SyncPrimaryConnection, SyncSentinelManagedConnection):
    """The synchronous form, for RQ."""

    def connect(self) -> None:
        """Connect, unless the connection leads to the primary."""
        self.close_outdated()
        super().connect()  # type: ignore[no-untyped-call]


class _SyncSecureSentinelConnection(_SyncSentinelConnection, SyncSentinelManagedSSLConnection):
    """The same by TLS."""


class BlockingSentinelPool(SentinelConnectionPool, BlockingConnectionPool):
    """redis-py's pool for Sentinel, except that it waits for a free connection instead of raising."""

    async def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001, FBT002 - redis-py's signature
        """Close the connections and, when the client is closed, those to the Sentinels too."""
        await super().disconnect(inuse_connections)
        if inuse_connections:
            for sentinel in self.sentinel_manager.sentinels:
                await sentinel.aclose()


def open_sentinel_pool(address: SentinelAddress, **options: Any) -> BlockingSentinelPool:
    """Open an asynchronous pool of connections to the primary; `options` are those of the pool."""
    kind = _SecureSentinelConnection if address.is_secure else _SentinelConnection
    connections = {**address.options, **options, "connection_class": kind}
    sentinel_options = {**address.sentinel_options, **_SENTINEL_TIMEOUTS, "retry": _ASYNC_ONCE}
    if address.is_secure:
        sentinel_options["ssl"] = True
    manager = Sentinel(address.sentinels, sentinel_kwargs=sentinel_options)  # type: ignore[no-untyped-call]
    return BlockingSentinelPool(  # type: ignore[no-untyped-call]
        address.service, manager, **connections
    )


def open_sync_client(address: SentinelAddress) -> sync.Redis:
    """Open a synchronous client of the primary, as RQ needs it."""
    secure = {"ssl": True} if address.is_secure else {}
    sentinel_options = {**address.sentinel_options, **_SENTINEL_TIMEOUTS, **secure, "retry": _ONCE}
    manager = SyncSentinel(address.sentinels, sentinel_kwargs=sentinel_options)  # type: ignore[no-untyped-call]
    kind = _SyncSecureSentinelConnection if address.is_secure else _SyncSentinelConnection
    client: sync.Redis = manager.master_for(  # type: ignore[no-untyped-call]
        address.service, **address.options, connection_class=kind
    )
    return client


def find_address(pool: sync.ConnectionPool) -> SentinelAddress | None:
    """Return the address behind a synchronous pool; `None` if it does not use Sentinel.

    RQ's worker pool rebuilds the pool as a plain one, so its connections tell, not its class.
    """
    if not issubclass(pool.connection_class, SyncSentinelManagedConnection):
        return None
    options = pool.connection_kwargs
    known = options["connection_pool"]
    sentinels = [sentinel.connection_pool.connection_kwargs for sentinel in known.sentinel_manager.sentinels]
    sentinel_options = {
        name: value
        for name, value in known.sentinel_manager.sentinel_kwargs.items()
        if name in ("username", "password") or name.startswith("ssl_")
    }
    return SentinelAddress(
        tuple((each["host"], each["port"]) for each in sentinels),
        known.service_name,
        {
            name: value
            for name, value in options.items()
            if name in _COPIED_OPTIONS or name.startswith("ssl_")
        },
        sentinel_options,
        is_secure=issubclass(pool.connection_class, SyncSentinelManagedSSLConnection),
    )
