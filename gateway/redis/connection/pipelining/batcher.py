"""Micro-batching: concurrent requests are combined into one call."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

_PARTS = 4

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Batcher(Generic[Request, Answer]):
    """Combines single requests into calls of up to `max_batch_size` requests; the call answers each.

    Calls have `batch_size` requests while few wait, so that the server works on the first ones meanwhile, and
    more the more wait: a call costs both sides more than one request does. An answer that is an exception is
    raised to its own caller; an exception of the call itself, to all. With `is_sequential`, requests made
    during a call wait for its end, so that the next batch is larger.
    """

    def __init__(
        self,
        call: Callable[[Sequence[Request]], Awaitable[Sequence[Answer | Exception]]],
        max_batch_size: int,
        *,
        batch_size: int | None = None,
        is_sequential: bool = False,
    ) -> None:
        self._call = call
        self._max_batch_size = max_batch_size
        self._batch_size = batch_size or max_batch_size
        self._is_sequential = is_sequential
        self._pending: deque[tuple[Request, asyncio.Future[Answer]]] = deque()
        self._flush_task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, request: Request) -> Answer:
        """Submit one request and return its answer. Raises what the call raises."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending.append((request, future))
        if self._flush_task is None:
            self._flush_task = task = asyncio.create_task(self._flush())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _flush(self) -> None:
        """Start once every task that is ready to submit has done so."""
        if not self._is_sequential:
            self._flush_task = None
        while self._pending:
            waiting = len(self._pending)
            size = min(waiting, max(self._batch_size, waiting // _PARTS), self._max_batch_size)
            await self._run_batch([self._pending.popleft() for _ in range(size)])
        if self._is_sequential:
            self._flush_task = None

    async def _run_batch(self, batch: Sequence[tuple[Request, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._call([request for request, _ in batch])
        except Exception as error:  # any error: no caller may be left waiting
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():  # the caller is gone
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
