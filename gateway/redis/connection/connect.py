"""Redis client factory: the one place that knows how clients are configured."""

from __future__ import annotations

from typing import Any

import redis as sync
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from core.errors import ConfigurationError
from gateway.redis.connection.address import SentinelAddress, parse_sentinel_url
from gateway.redis.connection.cluster.address import ClusterAddress, parse_cluster_url
from gateway.redis.connection.cluster.client import PartitionRedis, SyncPartitionRedis
from gateway.redis.connection.cluster.partition import Partition
from gateway.redis.connection.cluster.slot_owner import (
    SlotOwner,
    find_owner,
    open_owner_pool,
    open_sync_owner_pool,
)
from gateway.redis.connection.pipelining.multiplexer import MultiplexedRedis
from gateway.redis.connection.primary_connection import (
    PrimaryConnection,
    SecurePrimaryConnection,
    SyncPrimaryConnection,
    SyncSecurePrimaryConnection,
)
from gateway.redis.connection.sentinel import find_address, open_sentinel_pool, open_sync_client
from gateway.redis.connection.url_forms import CLUSTER_FORM

_MAX_CONNECTIONS = 64
# A step whose answer was lost may have been taken; taking it again would answer a turn twice. So nothing is
# repeated here: the protocol finds out, under a new lease.
_NO_RETRY = Retry(NoBackoff(), 0)
_SYNC_CLASSES: dict[type[Any], type[Any]] = {
    sync.Connection: SyncPrimaryConnection,
    sync.SSLConnection: SyncSecurePrimaryConnection,
}
_ASYNC_CLASSES: dict[type[Any], type[Any]] = {
    Connection: PrimaryConnection,
    SSLConnection: SecurePrimaryConnection,
    sync.Connection: PrimaryConnection,
    sync.SSLConnection: SecurePrimaryConnection,
    sync.UnixDomainSocketConnection: UnixDomainSocketConnection,
    SyncPrimaryConnection: PrimaryConnection,
    SyncSecurePrimaryConnection: SecurePrimaryConnection,
}
_NEEDS_CLUSTER = f"TURNGATE_PARTITIONS: several partitions need a cluster; write REDIS_URL as {CLUSTER_FORM}"
_COPIED_OPTIONS = (
    *("host", "port", "path", "db", "username", "password"),
    *("socket_connect_timeout", "client_name", "health_check_interval"),
)


def open_redis(url: str, *, timeout: float = 5.0) -> Redis:
    """Open a client for `url`; every answer is awaited for at most `timeout` seconds."""
    address = parse_sentinel_url(url)
    if address is not None:
        return _open_by_sentinel(address, timeout)
    cluster = parse_cluster_url(url)
    if cluster is not None:
        return _open_partition(SlotOwner(cluster, Partition()), timeout)
    pool = BlockingConnectionPool.from_url(url, **_pool_options(timeout))
    pool.connection_class = _ASYNC_CLASSES.get(pool.connection_class, pool.connection_class)
    return MultiplexedRedis.from_pool(pool)


def open_partitions(url: str, count: int, *, timeout: float = 5.0) -> tuple[Redis, ...]:
    """Open a client for each partition. Raises `ConfigurationError` for several without a cluster."""
    if count == 1:
        return (open_redis(url, timeout=timeout),)
    cluster = _parse_cluster(url)
    return tuple(_open_partition(SlotOwner(cluster, Partition(number)), timeout) for number in range(count))


def open_sync_redis(url: str, partition: int = 0) -> sync.Redis:
    """Open a synchronous client for a partition of `url`, as RQ needs it.

    Raises `ConfigurationError` for another partition than the first without a cluster.
    """
    address, cluster = parse_sentinel_url(url), parse_cluster_url(url)
    if partition and cluster is None:
        raise ConfigurationError(_NEEDS_CLUSTER)
    if address is not None:
        return open_sync_client(address)
    if cluster is not None:
        pool = open_sync_owner_pool(SlotOwner(cluster, Partition(partition)))
        return SyncPartitionRedis(connection_pool=pool)
    client = sync.Redis.from_url(url)
    pool = client.connection_pool
    pool.connection_class = _SYNC_CLASSES.get(pool.connection_class, pool.connection_class)
    return client


def open_sync_partition(client: sync.Redis, number: int) -> sync.Redis:
    """Open a client for another partition of a synchronous client's cluster."""
    owner = find_owner(client.connection_pool)
    if owner is None:
        raise ConfigurationError(_NEEDS_CLUSTER)
    pool = open_sync_owner_pool(SlotOwner(owner.address, Partition(number)))
    return SyncPartitionRedis(connection_pool=pool)


def open_async_redis(client: sync.Redis, *, timeout: float = 5.0) -> Redis:
    """Open an asynchronous client for the server of a synchronous one (RQ's)."""
    pool = client.connection_pool
    address = find_address(pool)
    if address is not None:
        return _open_by_sentinel(address, timeout)
    owner = find_owner(pool)
    if owner is not None:
        return _open_partition(SlotOwner(owner.address, owner.partition), timeout)
    options: dict[str, Any] = pool.connection_kwargs
    copied = {
        name: value for name, value in options.items() if name in _COPIED_OPTIONS or name.startswith("ssl_")
    }
    copied |= {"socket_timeout": timeout, "retry": _NO_RETRY}
    kind = next(_ASYNC_CLASSES[each] for each in pool.connection_class.__mro__ if each in _ASYNC_CLASSES)
    return MultiplexedRedis.from_pool(
        BlockingConnectionPool(
            connection_class=kind, max_connections=_MAX_CONNECTIONS, timeout=timeout, **copied
        )
    )


def _parse_cluster(url: str) -> ClusterAddress:
    cluster = parse_cluster_url(url)
    if cluster is None:
        raise ConfigurationError(_NEEDS_CLUSTER)
    return cluster


def _open_by_sentinel(address: SentinelAddress, timeout: float) -> Redis:
    return MultiplexedRedis.from_pool(open_sentinel_pool(address, **_pool_options(timeout)))


def _open_partition(owner: SlotOwner, timeout: float) -> Redis:
    return PartitionRedis.from_pool(open_owner_pool(owner, **_pool_options(timeout)))


def _pool_options(timeout: float) -> dict[str, Any]:
    return {
        "max_connections": _MAX_CONNECTIONS,
        "timeout": timeout,
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": _NO_RETRY,
    }
