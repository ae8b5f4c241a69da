"""Pipelined connection: commands of many callers on one transport, answers in the same order.

redis-py connects, authenticates and closes it. In between, its stream reader and writer cost two tasks and
two timeouts a call, more than the server spends on it; so the transport is read and written directly.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from hiredis import PushNotification, Reader
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.sentinel import SentinelManagedConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from gateway.redis.connection.outages.write_refusal import may_have_moved

ReplyFuture = asyncio.Future[Any]

_INCOMPLETE: Final = object()


class PipelinedConnection(asyncio.Protocol):
    """One physical connection: the commands sent on it and their waiting callers, in order."""

    def __init__(self, connection: AbstractConnection, on_writable: Callable[[], None]) -> None:
        """Take over an open connection; `on_writable` is called when a full write buffer has emptied."""
        self._connection = connection
        self._on_writable = on_writable
        self._loop = asyncio.get_running_loop()
        self._pending: deque[ReplyFuture] = deque()
        self._reader = Reader(
            protocolError=InvalidResponse,
            replyError=connection._parser.parse_error,
            notEnoughData=_INCOMPLETE,
        )
        self._timeout: float | None = connection.socket_timeout
        self._progress_at = 0.0
        self._watchdog: asyncio.TimerHandle | None = None
        self._is_retired = False
        self.is_paused = False
        assert connection._writer is not None, "the connection is open"
        self._transport = connection._writer.transport
        self._transport.set_protocol(self)

    @property
    def is_usable(self) -> bool:
        """Return whether commands may be sent."""
        return not self._is_retired and not self._transport.is_closing()

    def send(self, batch: Sequence[tuple[bytes, ReplyFuture]]) -> None:
        """Send commands; their answers are resolved as they arrive, or fail if the connection breaks."""
        if not self._pending:
            self._progress_at = self._loop.time()
        self._pending.extend(answer for _, answer in batch)
        if self._watchdog is None and self._timeout is not None:
            self._watchdog = self._loop.call_later(self._timeout, self._check_progress)
        try:
            self._transport.write(b"".join(packed for packed, _ in batch))
        except Exception as error:  # whatever it is, no caller may be left waiting
            self._break(error)

    def retire(self) -> None:
        """Send nothing more; close the connection once all calls in progress are answered."""
        self._is_retired = True
        if not self._pending:
            self.close()

    def close(self) -> None:
        """Close the connection; waiting callers get an error."""
        self._break(RedisConnectionError("the connection was closed"))

    def data_received(self, data: bytes) -> None:
        """Resolve the answers that are complete."""
        self._progress_at = self._loop.time()
        try:
            self._reader.feed(data)
            while (value := self._reader.gets()) is not _INCOMPLETE:
                if not isinstance(value, PushNotification):
                    self._take_answer(value)
        except Exception as error:  # whatever it is, no caller may be left waiting
            self._break(error)
        if self._is_retired and not self._pending:
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Fail all calls in progress."""
        self._break(error or RedisConnectionError("the server closed the connection"))

    def pause_writing(self) -> None:
        """Send nothing while the write buffer is full."""
        self.is_paused = True

    def resume_writing(self) -> None:
        """Send the waiting commands."""
        self.is_paused = False
        self._on_writable()

    def _take_answer(self, value: Any) -> None:
        if isinstance(
            value, RedisConnectionError
        ):  # the server is loading its data, or has no room for clients
            raise value
        if isinstance(value, ReadOnlyError) and isinstance(self._connection, SentinelManagedConnection):
            raise RedisConnectionError("the former primary is a replica now")
        if not self._pending:
            raise InvalidResponse("the server sent an unexpected response")
        if isinstance(value, Exception):
            self._is_retired = self._is_retired or may_have_moved(value)
            fail(self._pending.popleft(), value)
        else:
            resolve(self._pending.popleft(), value)

    def _check_progress(self) -> None:
        """Break the connection if calls wait and the server has sent nothing for the timeout."""
        self._watchdog = None
        if not self._pending or self._timeout is None:
            return
        remaining = self._progress_at + self._timeout - self._loop.time()
        if remaining > 0:
            self._watchdog = self._loop.call_later(remaining, self._check_progress)
        else:
            self._break(RedisTimeoutError(f"the server did not answer within {self._timeout:g} s"))

    def _break(self, error: Exception) -> None:
        """Fail all calls in progress; which of them the server has run is unknown."""
        self._is_retired = True
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        while self._pending:
            fail(self._pending.popleft(), error)
        self._connection._close()  # type: ignore[no-untyped-call]
        self._on_writable()


def resolve(answer: ReplyFuture, value: Any) -> None:
    """Give a caller its answer, unless it is gone."""
    if not answer.done():
        answer.set_result(value)


def fail(answer: ReplyFuture, error: Exception) -> None:
    """Give a caller an error that callers expect of a broken connection, unless it is gone."""
    if answer.done():
        return
    if not isinstance(error, RedisError | OSError):
        error = RedisConnectionError(f"the connection broke: {type(error).__name__}")
    answer.set_exception(error)
