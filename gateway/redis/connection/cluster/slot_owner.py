"""Connections to the server of a Redis Cluster that owns a partition, wherever it is at the moment.

A node of the cluster is asked for the owner whenever a connection is made (CLUSTER SLOTS). The node that
MOVED named is asked first, because it may have changed again by the next connection. ASK is not followed:
while a slot moves, the target has a part of the keys only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

import redis as sync
from redis.asyncio.connection import BlockingConnectionPool, Connection, SSLConnection
from redis.connection import Connection as SyncConnection
from redis.connection import SSLConnection as SyncSSLConnection
from redis.exceptions import ClusterDownError, MovedError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from gateway.redis.connection.cluster.address import ClusterAddress, Node
from gateway.redis.connection.cluster.partition import Partition
from gateway.redis.connection.primary_connection import (
    PrimaryConnection,
    SecurePrimaryConnection,
    SyncPrimaryConnection,
    SyncSecurePrimaryConnection,
)

# with the host of one node gone, each discovery waits this long for it
_NODE_TIMEOUTS: Final = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}


class SlotOwner:
    """Finds the server that owns a partition's slot, and keeps the list of known nodes."""

    def __init__(self, address: ClusterAddress, partition: Partition) -> None:
        self.address = address
        self.partition = partition
        self._heard_of: tuple[Node, ...] = ()
        self._owner: Node | None = None
        self._cut_off: Node | None = None

    def record_error(self, error: ResponseError) -> None:
        """Record what an error says of the owner.

        The node that a MOVED error named is asked first at the next discovery. A server that is cut off from
        the cluster is asked last: it goes on naming itself.
        """
        if isinstance(error, MovedError) and error.host:
            self._heard_of = ((error.host, error.port), *self._heard_of)
        elif isinstance(error, ClusterDownError):
            self._cut_off = self._owner

    async def find(self) -> Node:
        """Return the owner's host and port. Raises `ConnectionError` if no node tells."""
        kind = SSLConnection if self.address.is_secure else Connection
        cause: Exception | None = None
        for node in self._candidates():
            connection = kind(host=node[0], port=node[1], **self._node_options())
            try:
                await connection.connect()  # type: ignore[no-untyped-call]
                await connection.send_command("CLUSTER", "SLOTS")
                return self._read(await connection.read_response(), node)
            except (RedisError, OSError) as error:
                cause = error
            finally:
                with suppress(RedisError, OSError):
                    await connection.disconnect()
        raise self._build_error() from cause

    def find_sync(self) -> Node:
        """Return the same as `find`, for a synchronous client."""
        kind = SyncSSLConnection if self.address.is_secure else SyncConnection
        cause: Exception | None = None
        for node in self._candidates():
            connection: Any = kind(host=node[0], port=node[1], **self._node_options())
            try:
                connection.connect()
                connection.send_command("CLUSTER", "SLOTS")
                return self._read(connection.read_response(), node)
            except (RedisError, OSError) as error:
                cause = error
            finally:
                connection.disconnect()
        raise self._build_error() from cause

    def _candidates(self) -> Iterable[Node]:
        nodes = dict.fromkeys((*self._heard_of, *self.address.nodes))
        return sorted(nodes, key=lambda node: node == self._cut_off)

    def _node_options(self) -> dict[str, Any]:
        return {**self.address.options, **_NODE_TIMEOUTS}

    def _read(self, slots: Any, asked: Node) -> Node:
        """Return the owner from the answer of CLUSTER SLOTS: rows of first and last slot, then the nodes."""
        rows = [(row[0], row[1], [_read_node(node, asked) for node in row[2:]]) for row in slots]
        self._heard_of = tuple(dict.fromkeys(_list_nodes(rows)))
        for first, last, nodes in rows:
            if first <= self.partition.slot <= last:
                self._owner = nodes[0]
                return nodes[0]
        raise RedisConnectionError("no server of the cluster owns the partition's slot")

    def _build_error(self) -> RedisConnectionError:
        asked = ", ".join(f"{host}:{port}" for host, port in self._candidates())
        return RedisConnectionError(f"no node of the cluster knows the owner of the partition; asked {asked}")


def _read_node(node: Any, asked: Node) -> Node:
    """Return host and port; a node without a host is the one that was asked."""
    host = node[0].decode() if isinstance(node[0], bytes) else node[0]
    return host or asked[0], int(node[1])


def _list_nodes(rows: list[tuple[int, int, list[Node]]]) -> Iterator[Node]:
    for _, _, nodes in rows:
        yield from nodes


class _OwnerConnection(PrimaryConnection):
    """A connection to the owner; keys get the partition's prefix when a command is sent."""

    def __init__(self, *, owner: SlotOwner, **options: Any) -> None:
        super().__init__(**options)
        self._owner = owner

    async def connect_check_health(self, *arguments: Any, **options: Any) -> None:
        """Connect to the present owner, unless the connection leads there."""
        await self.close_outdated()
        if not self.is_connected:
            self.host, self.port = await self._owner.find()
        await super().connect_check_health(*arguments, **options)

    def pack_command(self, *arguments: Any) -> list[bytes]:
        """Encode a command, with the prefix before its keys."""
        return super().pack_command(*self._owner.partition.add_prefix(arguments))

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read an answer; after MOVED the next use of the connection asks for the owner again."""
        try:
            return await super().read_response(*arguments, **options)
        except ResponseError as error:
            self._owner.record_error(error)
            raise


class _SecureOwnerConnection(_OwnerConnection, SecurePrimaryConnection):
    """The same by TLS."""


class _PrefixingPacker:
    """Adds the partition's prefix before redis-py encodes a command."""

    def __init__(self, packer: Any, partition: Partition) -> None:
        self._packer = packer
        self._partition = partition

    def pack(self, *arguments: Any) -> Any:
        """Encode a command."""
        return self._packer.pack(*self._partition.add_prefix(arguments))


class _SyncOwnerConnection(SyncPrimaryConnection):
    """The synchronous form, for RQ."""

    def __init__(self, *, owner: SlotOwner, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._owner = owner
        self._command_packer: Any = _PrefixingPacker(self._command_packer, owner.partition)

    def connect_check_health(self, *arguments: Any, **options: Any) -> None:
        """Connect to the present owner, unless the connection leads there."""
        self.close_outdated()
        if not self.is_connected:
            self.host, self.port = self._owner.find_sync()
        super().connect_check_health(*arguments, **options)

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read an answer; after MOVED the next use of the connection asks for the owner again."""
        try:
            return super().read_response(*arguments, **options)
        except ResponseError as error:
            self._owner.record_error(error)
            raise


class _SyncSecureOwnerConnection(_SyncOwnerConnection, SyncSecurePrimaryConnection):
    """The same by TLS."""


def open_owner_pool(owner: SlotOwner, **options: Any) -> BlockingConnectionPool:
    """Open an asynchronous pool of connections to the owner; `options` are those of the pool."""
    kind = _SecureOwnerConnection if owner.address.is_secure else _OwnerConnection
    return BlockingConnectionPool(connection_class=kind, owner=owner, **{**owner.address.options, **options})


def open_sync_owner_pool(owner: SlotOwner, **options: Any) -> sync.ConnectionPool:
    """Open the synchronous form of the pool."""
    kind = _SyncSecureOwnerConnection if owner.address.is_secure else _SyncOwnerConnection
    return sync.ConnectionPool(connection_class=kind, owner=owner, **{**owner.address.options, **options})


def find_owner(pool: sync.ConnectionPool) -> SlotOwner | None:
    """Return the finder of a synchronous pool; `None` if it is not a pool of a cluster."""
    owner: SlotOwner | None = pool.connection_kwargs.get("owner")
    return owner
