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

_Answer = asyncio.Future[Any]


class SharedRedis(Redis):
    """redis-py's client, with `share` for calls that neither block nor change the connection."""

    _line: Line | None = None

    async def share(self, *arguments: Any) -> Any:
        """Call a command on the shared connection; its answer is what redis-py makes of it.

        Never repeated: a lost answer is an error.

        Raises what redis-py would: `ResponseError`, `ConnectionError`, `TimeoutError`.
        """
        if self._line is None:
            self._line = Line(self)
        answer = await self._line.call(arguments)
        read: Callable[[Any], Any] | None = self.response_callbacks.get(arguments[0])
        return read(answer) if read else answer

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the shared connection and the pool."""
        if self._line is not None:
            await self._line.aclose()
        await super().aclose(close_connection_pool)


def sharing(redis: Redis) -> Callable[..., Awaitable[Any]]:
    """How to call a command that neither blocks nor changes the connection."""
    return redis.share if isinstance(redis, SharedRedis) else redis.execute_command


class Line:
    """The connection, made when it is first needed and again after it broke."""

    def __init__(self, redis: Redis) -> None:
        self._pool = redis.connection_pool
        self._wire: _Wire | None = None
        self._unsent: list[tuple[bytes, _Answer]] = []
        self._writing: asyncio.Task[None] | None = None

    async def call(self, arguments: tuple[Any, ...]) -> Any:
        """Send a command with the others of this moment, and wait for its answer."""
        packed = pack_command(arguments)  # what cannot be written fails here, and alone
        answer: _Answer = asyncio.get_running_loop().create_future()
        self._unsent.append((packed, answer))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await answer

    async def aclose(self) -> None:
        """Close the connection; calls under way fail."""
        if self._writing is not None:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing
        if self._wire is not None:
            await self._wire.aclose()

    async def _write(self) -> None:
        batch: list[tuple[bytes, _Answer]] = []
        try:
            while self._unsent:
                batch = []  # while connecting, nobody is taken out of the queue
                wire = await self._wired()
                batch, self._unsent = self._unsent, []
                await wire.send(batch)
        except (RedisError, OSError) as error:
            failed, self._unsent = [*batch, *self._unsent], []
            for _, answer in failed:
                _settle(answer, error=error)
        finally:
            self._writing = None

    async def _wired(self) -> _Wire:
        """The connection; a new one where there is none, or where the server has closed an idle one."""
        if self._wire is not None and await self._wire.is_good():
            return self._wire
        if self._wire is not None:
            await self._wire.aclose()
            self._wire = None
        connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()
        self._wire = _Wire(connection)
        return self._wire


class _Wire:
    """One life of the connection: what was sent on it, and who waits for the answers, in order."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._waiting: deque[_Answer] = deque()
        self._reading: asyncio.Task[None] | None = None

    async def is_good(self) -> bool:
        """Whether commands may be sent: it is open, and when idle nothing unasked has come."""
        if not self._connection.is_connected:
            return False
        try:
            return bool(self._waiting) or not await self._connection.can_read()
        except (RedisError, OSError):
            return False

    async def send(self, batch: list[tuple[bytes, _Answer]]) -> None:
        """Send commands; their answers are settled as they come."""
        self._waiting.extend(answer for _, answer in batch)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        try:
            await self._connection.send_packed_command([packed for packed, _ in batch], check_health=False)
        except (RedisError, OSError) as error:
            self._fail(error)

    async def aclose(self) -> None:
        """Close the connection; who waits gets an error."""
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
        self._fail(RedisConnectionError("the connection was closed"))
        await self._connection.disconnect(nowait=True)

    async def _read(self) -> None:
        try:
            while self._waiting:
                try:
                    value = await self._connection.read_response()
                except ResponseError as error:
                    _settle(self._waiting.popleft(), error=error)
                else:
                    _settle(self._waiting.popleft(), value)
        except (RedisError, OSError) as error:  # redis-py has closed the connection
            self._fail(error)
        finally:
            self._reading = None

    def _fail(self, error: Exception) -> None:
        while self._waiting:
            _settle(self._waiting.popleft(), error=error)


def _settle(answer: _Answer, value: Any = None, error: Exception | None = None) -> None:
    if answer.done():  # who asked has gone
        return
    if error is None:
        answer.set_result(value)
    else:
        answer.set_exception(error)
