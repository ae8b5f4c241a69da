"""Opening Redis: the one place that knows how clients are made."""

from __future__ import annotations

from typing import Any

import redis as sync
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection

_CONNECTIONS = 64
_KINDS: dict[str, type[Any]] = {
    "Connection": Connection,
    "SSLConnection": SSLConnection,
    "UnixDomainSocketConnection": UnixDomainSocketConnection,
}
_SHARED = ("host", "port", "path", "db", "username", "password", "socket_connect_timeout")


def open_redis(url: str, *, timeout: float = 5.0) -> Redis:
    """A client for `url` that waits at most `timeout` seconds for any answer."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=timeout,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
    )
    return Redis.from_pool(pool)


def open_beside(client: sync.Redis, *, timeout: float = 5.0) -> Redis:
    """An asynchronous client for the server that a synchronous one (RQ's) talks to."""
    pool = client.connection_pool
    given: dict[str, Any] = pool.connection_kwargs
    kept = {name: value for name, value in given.items() if name in _SHARED or name.startswith("ssl_")}
    kept["socket_timeout"] = timeout
    kind = _KINDS[pool.connection_class.__name__]
    return Redis.from_pool(
        BlockingConnectionPool(connection_class=kind, max_connections=_CONNECTIONS, timeout=timeout, **kept)
    )
