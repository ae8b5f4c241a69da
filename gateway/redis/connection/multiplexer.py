"""One connection that many calls share: what is asked at the same time travels together.

redis-py takes a connection out of its pool for each call. With hundreds of drains at once that costs more
than the call itself, and who waits longest for a connection may get none at all. Here calls are written one
after the other on one connection, and their answers come back in the same order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from hiredis import pack_command
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

_ReplyFuture = asyncio.Future[Any]


class MultiplexedRedis(Redis):
    """redis-py's client, with `share` for calls that neither block nor change the connection."""

    _multiplexer: Multiplexer | None = None

    async def execute_multiplexed(self, *arguments: Any) -> Any:
        """Call a command on the shared connection; its answer is what redis-py makes of it.

        Never repeated: a lost answer is an error.

        Raises what redis-py would: `ResponseError`, `ConnectionError`, `TimeoutError`.
        """
        if self._multiplexer is None:
            self._multiplexer = Multiplexer(self)
        answer = await self._multiplexer.call(arguments)
        read: Callable[[Any], Any] | None = self.response_callbacks.get(arguments[0])
        return read(answer) if read else answer

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the shared connection and the pool."""
        if self._multiplexer is not None:
            await self._multiplexer.aclose()
        await super().aclose(close_connection_pool)


def multiplexed_call(redis: Redis) -> Callable[..., Awaitable[Any]]:
    """How to call a command that neither blocks nor changes the connection."""
    return redis.execute_multiplexed if isinstance(redis, MultiplexedRedis) else redis.execute_command


class Multiplexer:
    """The connection, made when it is first needed and again after it broke."""

    def __init__(self, redis: Redis) -> None:
        self._pool = redis.connection_pool
        self._connection: _PipelinedConnection | None = None
        self._unsent: list[tuple[bytes, _ReplyFuture]] = []
        self._write_task: asyncio.Task[None] | None = None

    async def call(self, arguments: tuple[Any, ...]) -> Any:
        """Send a command with the others of this moment, and wait for its answer."""
        packed = pack_command(arguments)  # what cannot be written fails here, and alone
        answer: _ReplyFuture = asyncio.get_running_loop().create_future()
        self._unsent.append((packed, answer))
        if self._write_task is None:
            self._write_task = asyncio.create_task(self._write())
        return await answer

    async def aclose(self) -> None:
        """Close the connection; calls under way fail."""
        if self._write_task is not None:
            self._write_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._write_task
        if self._connection is not None:
            await self._connection.aclose()

    async def _write(self) -> None:
        batch: list[tuple[bytes, _ReplyFuture]] = []
        try:
            while self._unsent:
                batch = []  # while connecting, nobody is taken out of the queue
                wire = await self._get_connection()
                batch, self._unsent = self._unsent, []
                await wire.send(batch)
        except (RedisError, OSError) as error:
            failed, self._unsent = [*batch, *self._unsent], []
            for _, answer in failed:
                _resolve(answer, error=error)
        finally:
            self._write_task = None

    async def _get_connection(self) -> _PipelinedConnection:
        """The connection; a new one where there is none, or where the server has closed an idle one."""
        if self._connection is not None and await self._connection.is_usable():
            return self._connection
        if self._connection is not None:
            await self._connection.aclose()
            self._connection = None
        connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()
        self._connection = _PipelinedConnection(connection)
        return self._connection


class _PipelinedConnection:
    """One life of the connection: what was sent on it, and who waits for the answers, in order."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._pending: deque[_ReplyFuture] = deque()
        self._read_task: asyncio.Task[None] | None = None

    async def is_usable(self) -> bool:
        """Whether commands may be sent: it is open, and when idle nothing unasked has come."""
        if not self._connection.is_connected:
            return False
        try:
            return bool(self._pending) or not await self._connection.can_read()
        except (RedisError, OSError):
            return False

    async def send(self, batch: list[tuple[bytes, _ReplyFuture]]) -> None:
        """Send commands; their answers are settled as they come."""
        self._pending.extend(answer for _, answer in batch)
        if self._read_task is None:
            self._read_task = asyncio.create_task(self._read())
        try:
            await self._connection.send_packed_command([packed for packed, _ in batch], check_health=False)
        except (RedisError, OSError) as error:
            self._fail(error)

    async def aclose(self) -> None:
        """Close the connection; who waits gets an error."""
        if self._read_task is not None:
            self._read_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._read_task
        self._fail(RedisConnectionError("the connection was closed"))
        await self._connection.disconnect(nowait=True)

    async def _read(self) -> None:
        try:
            while self._pending:
                try:
                    value = await self._connection.read_response()
                except ResponseError as error:
                    _resolve(self._pending.popleft(), error=error)
                else:
                    _resolve(self._pending.popleft(), value)
        except (RedisError, OSError) as error:  # redis-py has closed the connection
            self._fail(error)
        finally:
            self._read_task = None

    def _fail(self, error: Exception) -> None:
        while self._pending:
            _resolve(self._pending.popleft(), error=error)


def _resolve(answer: _ReplyFuture, value: Any = None, error: Exception | None = None) -> None:
    if answer.done():  # who asked has gone
        return
    if error is None:
        answer.set_result(value)
    else:
        answer.set_exception(error)
