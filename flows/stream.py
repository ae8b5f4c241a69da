"""A turn's text while it is being made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, NamedTuple

from core.dialog import Watcher
from flows.turn_result import TurnResult


class Chunk(NamedTuple):
    """A piece of the text. With `is_restart` it is the whole text, in place of all that came before."""

    text: str
    is_restart: bool = False


class TurnStream(Watcher):
    """Iterate for the chunks; then `result` is the turn as it came out. Who stops early ends the turn."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._task: asyncio.Task[TurnResult] | None = None
        self._told = ""

    def on_text(self, text: str) -> None:
        """Hand a piece on."""
        self._queue.put_nowait(text)

    def begin(self, turn: Callable[[Watcher], Coroutine[Any, Any, TurnResult]]) -> TurnStream:
        """Start the turn that is to be streamed."""
        self._task = asyncio.create_task(turn(self))
        self._task.add_done_callback(lambda task: self._queue.put_nowait(None))
        return self

    @property
    def result(self) -> TurnResult:
        """The whole turn. Raises what the turn raised, and `InvalidStateError` before its end."""
        assert self._task is not None
        return self._task.result()

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        assert self._task is not None
        try:
            while (text := await self._queue.get()) is not None:
                self._told += text
                yield Chunk(text)
            whole = self.result.text
            if whole.startswith(self._told):
                if rest := whole[len(self._told) :]:
                    yield Chunk(rest)
            else:
                yield Chunk(whole, is_restart=True)
        finally:
            self._task.cancel()
