"""Multiplexer: one pipelined connection shared by concurrent calls.

redis-py takes a connection out of its pool for each call. With hundreds of sessions at once that costs more
than the call itself, and the last waiter may get no connection at all. Here calls are written one after the
other on one connection, and their answers arrive in the same order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from hiredis import pack_command
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from gateway.redis.connection.pipelining.pipelined_connection import PipelinedConnection, ReplyFuture, fail


class MultiplexedRedis(Redis):
    """redis-py's client with `execute_multiplexed` for calls that neither block nor change the connection."""

    _multiplexer: Multiplexer | None = None

    async def execute_multiplexed(self, *arguments: Any) -> Any:
        """Run a command on the shared connection and return what redis-py decodes.

        It is never repeated: a lost answer is an error. Raises `ResponseError`, `ConnectionError` or
        `TimeoutError`.
        """
        if self._multiplexer is None:
            self._multiplexer = Multiplexer(self)
        answer = await self._multiplexer.call(arguments)
        read: Callable[[Any], Any] | None = self.response_callbacks.get(arguments[0])
        return read(answer) if read else answer

    async def aclose(self, close_connection_pool: bool | None = None) -> None:  # noqa: FBT001 - redis-py's signature
        """Close the shared connection and the pool."""
        if self._multiplexer is not None:
            await self._multiplexer.aclose()
        await super().aclose(close_connection_pool)


def multiplexed_call(redis: Redis) -> Callable[..., Awaitable[Any]]:
    """Return the callable for commands that neither block nor change the connection."""
    return redis.execute_multiplexed if isinstance(redis, MultiplexedRedis) else redis.execute_command


class Multiplexer:
    """Owns the shared connection; connects on first use and again after it broke."""

    def __init__(self, redis: Redis) -> None:
        self._pool = redis.connection_pool
        self._connection: PipelinedConnection | None = None
        self._unsent: list[tuple[bytes, ReplyFuture]] = []
        self._is_flush_due = False
        self._is_closing = False
        self._connect_task: asyncio.Task[None] | None = None

    async def call(self, arguments: tuple[Any, ...]) -> Any:
        """Send a command together with other pending ones and wait for its answer."""
        packed = pack_command(arguments)  # an argument that cannot be encoded fails here, alone
        loop = asyncio.get_running_loop()
        answer: ReplyFuture = loop.create_future()
        self._unsent.append((packed, answer))
        if not self._is_flush_due:  # once every task that is ready to call has done so
            self._is_flush_due = True
            loop.call_soon(self._flush)
        return await answer

    async def aclose(self) -> None:
        """Close the connection; calls in progress fail."""
        self._is_closing = True
        if self._connect_task is not None:
            self._connect_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._connect_task
            self._connect_task = None  # a task that was cancelled before it began has not closed it
        self._fail_unsent(RedisConnectionError("the client was closed"))
        if self._connection is not None:
            self._connection.close()

    def _flush(self) -> None:
        """Send the pending calls; they stay queued while it connects, or while the write buffer is full."""
        self._is_flush_due = False
        if self._connection is not None and self._connection.is_usable:
            if self._unsent and not self._connection.is_paused:
                batch, self._unsent = self._unsent, []
                self._connection.send(batch)
        elif self._is_closing:
            self._fail_unsent(RedisConnectionError("the client was closed"))
        elif self._unsent and self._connect_task is None:
            self._connect_task = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            if self._connection is not None:
                self._connection.retire()
            self._connection = None
            connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
            await connection.connect()
            self._connection = PipelinedConnection(connection, self._flush)
        except Exception as error:  # any error: no caller may be left waiting
            self._fail_unsent(error)
        finally:
            self._connect_task = None
        self._flush()

    def _fail_unsent(self, error: Exception) -> None:
        failed, self._unsent = self._unsent, []
        for _, answer in failed:
            fail(answer, error)
