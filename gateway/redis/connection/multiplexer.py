"""Multiplexer: one pipelined connection shared by concurrent calls.

redis-py takes a connection out of its pool for each call. With hundreds of sessions at once that costs more
than the call itself, and the last waiter may get no connection at all. Here calls are written one after the
other on one connection, and their answers arrive in the same order.
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

from gateway.redis.connection.write_refusal import may_have_moved

_ReplyFuture = asyncio.Future[Any]


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
        self._connection: _PipelinedConnection | None = None
        self._unsent: list[tuple[bytes, _ReplyFuture]] = []
        self._write_task: asyncio.Task[None] | None = None

    async def call(self, arguments: tuple[Any, ...]) -> Any:
        """Send a command together with other pending ones and wait for its answer."""
        packed = pack_command(arguments)  # an argument that cannot be encoded fails here, alone
        answer: _ReplyFuture = asyncio.get_running_loop().create_future()
        self._unsent.append((packed, answer))
        if self._write_task is None:
            self._write_task = asyncio.create_task(self._write())
        return await answer

    async def aclose(self) -> None:
        """Close the connection; calls in progress fail."""
        if self._write_task is not None:
            self._write_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._write_task
            self._write_task = None  # a task that was cancelled before it began has not done it
        self._fail_unsent(RedisConnectionError("the client was closed"))
        if self._connection is not None:
            await self._connection.aclose()

    async def _write(self) -> None:
        try:
            while self._unsent:
                connection = await self._get_connection()  # calls stay queued while it connects
                batch, self._unsent = self._unsent, []
                await connection.send(batch)
        except Exception as error:  # whatever it is, no caller may be left waiting
            self._fail_unsent(error)
        finally:
            self._write_task = None

    def _fail_unsent(self, error: Exception) -> None:
        failed, self._unsent = self._unsent, []
        for _, answer in failed:
            _resolve(answer, error=_as_redis_error(error))

    async def _get_connection(self) -> _PipelinedConnection:
        """Return the connection; a new one if there is none or it is not to be used any more."""
        if self._connection is not None and await self._connection.is_usable():
            return self._connection
        if self._connection is not None:
            retired, self._connection = self._connection, None
            await retired.retire()
        connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()
        self._connection = _PipelinedConnection(connection)
        return self._connection


class _PipelinedConnection:
    """One physical connection: the commands sent on it and their waiting callers, in order."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._pending: deque[_ReplyFuture] = deque()
        self._read_task: asyncio.Task[None] | None = None
        self._is_retired = False

    async def is_usable(self) -> bool:
        """Return whether commands may be sent: it is open and, if idle, has no unread data."""
        if self._is_retired or not self._connection.is_connected:
            return False
        try:
            return bool(self._pending) or not await self._connection.can_read()
        except (RedisError, OSError):
            return False

    async def send(self, batch: list[tuple[bytes, _ReplyFuture]]) -> None:
        """Send commands; their answers are resolved as they arrive, or fail if the connection breaks."""
        self._pending.extend(answer for _, answer in batch)
        if not self._connection.is_connected:  # redis-py would reconnect and shift the answers
            await self._break(RedisConnectionError("the connection was closed"))
            return
        if self._read_task is None:
            self._read_task = asyncio.create_task(self._read())
        try:
            await self._connection.send_packed_command([packed for packed, _ in batch], check_health=False)
        except (
            Exception
        ) as error:  # also redis-py's AttributeError when the reader has disconnected meanwhile
            await self._break(error)

    async def retire(self) -> None:
        """Send nothing more; close the connection once all calls in progress are answered."""
        self._is_retired = True
        if not self._pending:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the connection; waiting callers get an error."""
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
                    self._is_retired = self._is_retired or may_have_moved(error)
                    _resolve(self._pending.popleft(), error=error)
                else:
                    _resolve(self._pending.popleft(), value)
            if self._is_retired:
                await self._connection.disconnect(nowait=True)
        except Exception as error:  # whatever it is, no caller may be left waiting
            await self._break(error)
        finally:
            self._read_task = None
            if self._is_retired:  # nobody reads any more
                self._fail(RedisConnectionError("the connection was closed"))

    async def _break(self, error: Exception) -> None:
        """Fail all calls in progress; which of them the server has run is unknown."""
        self._is_retired = True
        self._fail(error)
        with suppress(RedisError, OSError):
            await self._connection.disconnect(nowait=True)

    def _fail(self, error: Exception) -> None:
        while self._pending:
            _resolve(self._pending.popleft(), error=_as_redis_error(error))


def _as_redis_error(error: Exception) -> Exception:
    """Return the error as one that callers expect of a broken connection."""
    if isinstance(error, RedisError | OSError):
        return error
    return RedisConnectionError(f"the connection broke: {type(error).__name__}")


def _resolve(answer: _ReplyFuture, value: Any = None, error: Exception | None = None) -> None:
    if answer.done():  # the caller is gone
        return
    if error is None:
        answer.set_result(value)
    else:
        answer.set_exception(error)
