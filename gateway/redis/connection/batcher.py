"""Micro-batching: concurrent requests are combined into one call."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Batcher(Generic[Asked, Answer]):
    """Combines single requests into calls of up to `most` requests; the call answers each.

    An answer that is an exception is raised to its own caller; an exception of the call itself, to all. With
    `waits`, requests made during a call wait for its end, so that the next batch is larger.
    """

    def __init__(
        self,
        call: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]],
        most: int,
        *,
        waits: bool = False,
    ) -> None:
        self._call = call
        self._max_batch_size = most
        self._is_sequential = waits
        self._pending: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()
        self._flush_task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, asked: Asked) -> Answer:
        """Submit one request and return its answer. Raises what the call raises."""
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending.append((asked, done))
        if self._flush_task is None:
            self._flush_task = task = asyncio.create_task(self._flush())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await done

    async def _flush(self) -> None:
        """Start once every task that is ready to submit has done so."""
        if not self._is_sequential:
            self._flush_task = None
        while self._pending:
            await self._run_batch(
                [self._pending.popleft() for _ in range(min(len(self._pending), self._max_batch_size))]
            )
        if self._is_sequential:
            self._flush_task = None

    async def _run_batch(self, batch: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._call([asked for asked, _ in batch])
        except Exception as error:  # whatever it is, no caller may be left waiting
            answers = [error] * len(batch)
        for (_, done), answer in zip(batch, answers, strict=True):
            if done.done():  # the caller is gone
                continue
            if isinstance(answer, Exception):
                done.set_exception(answer)
            else:
                done.set_result(answer)
