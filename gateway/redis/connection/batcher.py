"""One call for many: what is asked at the same time is asked together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Gathering(Generic[Asked, Answer]):
    """Gathers single questions for a call that takes up to `most` at once and answers each.

    An answer that is an exception is raised to who asked for it alone; what the call raises, to all. With
    `waits`, what is asked while a call is under way waits for its end, so that the next one is larger.
    """

    def __init__(
        self,
        call: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]],
        most: int,
        *,
        waits: bool = False,
    ) -> None:
        self._call = call
        self._most = most
        self._waits = waits
        self._waiting: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()
        self._gathering: asyncio.Task[None] | None = None
        self._calling: set[asyncio.Task[None]] = set()

    async def ask(self, asked: Asked) -> Answer:
        """The answer to one question. Raises what the call raises."""
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, done))
        if self._gathering is None:
            self._gathering = task = asyncio.create_task(self._call_all())
            self._calling.add(task)
            task.add_done_callback(self._calling.discard)
        return await done

    async def _call_all(self) -> None:
        """Begins when all that is ready to ask has asked."""
        if not self._waits:
            self._gathering = None
        while self._waiting:
            await self._call_for(
                [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
            )
        if self._waits:
            self._gathering = None

    async def _call_for(self, batch: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._call([asked for asked, _ in batch])
        except Exception as error:  # whatever it is, nobody may be left waiting
            answers = [error] * len(batch)
        for (_, done), answer in zip(batch, answers, strict=True):
            if done.done():  # who asked has gone
                continue
            if isinstance(answer, Exception):
                done.set_exception(answer)
            else:
                done.set_result(answer)
