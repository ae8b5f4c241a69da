"""A turn's text while it is being made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, NamedTuple

from core.ports.dialog import Watcher
from flows.engine.turn_result import TurnResult
from flows.llm.model import Write, unheard

PARAGRAPH = "\n\n"


class Voice:
    """Hands on the pieces of a turn's messages, with a blank line between two.

    What is told is a prefix of what is said in the end, unless a model breaks off or writes too much.
    """

    def __init__(self, on_text: Write = unheard) -> None:
        self._on_text = on_text
        self._told = ""
        self._space = ""
        self._before = False

    @property
    def writer(self) -> Write:
        """Where a model may write; a model can tell when nobody reads along."""
        return unheard if self._on_text is unheard else self.write

    def write(self, piece: str) -> None:
        """The next piece of the message that is being written; space at its ends is held back."""
        text = self._space + piece if self._told else piece.lstrip()
        plain = text.rstrip()
        self._space = text[len(plain) :]
        if plain:
            if not self._told and self._before:
                self._on_text(PARAGRAPH)
            self._told += plain
            self._on_text(plain)

    def end(self, text: str) -> None:
        """The message is complete, and this is all of it; what was not told yet is told now."""
        if self._on_text is unheard:
            return
        self._space = ""
        if text.startswith(self._told):
            self.write(text[len(self._told) :])
        self._told, self._space, self._before = "", "", True


SILENT = Voice()
"""Tells nobody, and so may serve any number of turns."""


class Chunk(NamedTuple):
    """A piece of the text. With `is_restart` it is the whole text, in place of all that came before."""

    text: str
    is_restart: bool = False


class TurnStream(Watcher, AsyncIterator[Chunk]):
    """Iterate for the chunks; then `result` is the turn as it came out.

    Who leaves `async for` early, or calls `aclose`, ends the turn, and it changes nothing.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._task: asyncio.Task[TurnResult] | None = None
        self._told = ""
        self._is_closed = False

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

    async def __aiter__(self) -> AsyncGenerator[Chunk]:
        """The chunks that are still to come."""
        try:
            while (chunk := await self._next()) is not None:
                yield chunk
        finally:
            self._end()

    async def __anext__(self) -> Chunk:
        """The next chunk."""
        chunk = await self._next()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """End the turn, and wait until it has ended."""
        self._end()
        assert self._task is not None
        await asyncio.wait([self._task])

    def _end(self) -> None:
        assert self._task is not None
        self._is_closed = True
        self._task.cancel()

    async def _next(self) -> Chunk | None:
        """The next piece or, after the last, what is missing of the whole."""
        if self._is_closed:
            return None
        text = await self._queue.get()
        if text is None:
            self._queue.put_nowait(None)  # for whoever else is waiting
            return None if self._is_closed else self._rest()
        self._told += text
        return Chunk(text)

    def _rest(self) -> Chunk | None:
        told, self._told = self._told, self.result.text
        if self._told.startswith(told):
            return Chunk(self._told[len(told) :]) if self._told != told else None
        return Chunk(self._told, is_restart=True)
