"""Connections to a primary: made anew after the server has said that it is none, or no longer.

The address may lead to another server by then: a proxy or the DNS of a managed service names the new primary,
while the former one answers on connections that it still has.
"""

from __future__ import annotations

from typing import Any

from redis.asyncio.connection import Connection, SSLConnection
from redis.connection import Connection as SyncConnection
from redis.connection import SSLConnection as SyncSSLConnection
from redis.exceptions import ResponseError

from gateway.redis.connection.outages.write_refusal import may_have_moved


class PrimaryConnection(Connection):
    """A connection whose next use begins with a new one if the server may be a former primary."""

    _is_outdated = False

    async def close_outdated(self) -> None:
        """Close the connection if it may lead to a former primary."""
        if self._is_outdated:
            await self.disconnect(nowait=True)
            self._is_outdated = False

    async def connect_check_health(self, *arguments: Any, **options: Any) -> None:
        """Connect, unless the connection leads to the primary."""
        await self.close_outdated()
        await super().connect_check_health(*arguments, **options)

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read an answer. The caller may read more: the connection is closed when it is used again."""
        try:
            return await super().read_response(*arguments, **options)
        except ResponseError as error:
            self._is_outdated = self._is_outdated or may_have_moved(error)
            raise


class SecurePrimaryConnection(PrimaryConnection, SSLConnection):
    """The same by TLS."""


class SyncPrimaryConnection(SyncConnection):
    """The synchronous form, for RQ."""

    _is_outdated = False

    def close_outdated(self) -> None:
        """Close the connection if it may lead to a former primary."""
        if self._is_outdated:
            self.disconnect()  # type: ignore[no-untyped-call]
            self._is_outdated = False

    def connect_check_health(self, *arguments: Any, **options: Any) -> None:
        """Connect, unless the connection leads to the primary."""
        self.close_outdated()
        super().connect_check_health(*arguments, **options)

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read an answer; the connection is closed when it is used again."""
        try:
            return super().read_response(*arguments, **options)
        except ResponseError as error:
            self._is_outdated = self._is_outdated or may_have_moved(error)
            raise


class SyncSecurePrimaryConnection(SyncPrimaryConnection, SyncSSLConnection):
    """The same by TLS."""
