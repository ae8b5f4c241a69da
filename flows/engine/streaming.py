"""A turn's text while it is being made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, NamedTuple

from core.ports import TurnListener
from flows.engine.turn_result import TurnResult
from flows.llm import TextCallback, discard

PARAGRAPH_SEPARATOR = "\n\n"


class TextStreamer:
    """Hands on the pieces of a turn's messages, with a blank line between two.

    What is told is a prefix of what is said in the end, unless a model breaks off or writes too much.
    """

    def __init__(self, on_text: TextCallback = discard) -> None:
        self._on_text = on_text
        self._streamed = ""
        self._held_whitespace = ""
        self._has_previous_message = False

    @property
    def writer(self) -> TextCallback:
        """Where a model may write; a model can tell when nobody reads along."""
        return discard if self._on_text is discard else self.write

    def write(self, piece: str) -> None:
        """The next piece of the message that is being written; space at its ends is held back."""
        text = self._held_whitespace + piece if self._streamed else piece.lstrip()
        plain = text.rstrip()
        self._held_whitespace = text[len(plain) :]
        if plain:
            if not self._streamed and self._has_previous_message:
                self._on_text(PARAGRAPH_SEPARATOR)
            self._streamed += plain
            self._on_text(plain)

    def finish_message(self, text: str) -> None:
        """The message is complete, and this is all of it; what was not told yet is told now."""
        if self._on_text is discard:
            return
        self._held_whitespace = ""
        if text.startswith(self._streamed):
            self.write(text[len(self._streamed) :])
        self._streamed, self._held_whitespace, self._has_previous_message = "", "", True


NULL_STREAMER = TextStreamer()
"""Tells nobody, and so may serve any number of turns."""


class Chunk(NamedTuple):
    """A piece of the text. With `is_restart` it is the whole text, in place of all that came before."""

    text: str
    is_restart: bool = False


class TurnStream(TurnListener, AsyncIterator[Chunk]):
    """Iterate for the chunks; then `result` is the turn as it came out.

    Who leaves `async for` early, or calls `aclose`, ends the turn, and it changes nothing.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._task: asyncio.Task[TurnResult] | None = None
        self._streamed = ""
        self._is_closed = False

    def on_text(self, text: str) -> None:
        """Hand a piece on."""
        self._queue.put_nowait(text)

    def start(self, turn: Callable[[TurnListener], Coroutine[Any, Any, TurnResult]]) -> TurnStream:
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
            while (chunk := await self._next_chunk()) is not None:
                yield chunk
        finally:
            self._cancel()

    async def __anext__(self) -> Chunk:
        """The next chunk."""
        chunk = await self._next_chunk()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """End the turn, and wait until it has ended."""
        self._cancel()
        assert self._task is not None
        await asyncio.wait([self._task])

    def _cancel(self) -> None:
        assert self._task is not None
        self._is_closed = True
        self._task.cancel()

    async def _next_chunk(self) -> Chunk | None:
        """The next piece or, after the last, what is missing of the whole."""
        if self._is_closed:
            return None
        text = await self._queue.get()
        if text is None:
            self._queue.put_nowait(None)  # for whoever else is waiting
            return None if self._is_closed else self._remaining_chunk()
        self._streamed += text
        return Chunk(text)

    def _remaining_chunk(self) -> Chunk | None:
        told, self._streamed = self._streamed, self.result.text
        if self._streamed.startswith(told):
            return Chunk(self._streamed[len(told) :]) if self._streamed != told else None
        return Chunk(self._streamed, is_restart=True)
