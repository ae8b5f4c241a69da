"""Streams a turn's text to a listener while it is produced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, NamedTuple

from core.ports import TurnListener
from flows.engine.turn_result import TurnResult
from flows.llm import TextCallback, discard

PARAGRAPH_SEPARATOR = "\n\n"


class TextStreamer:
    """Forwards the pieces of a turn's messages, with a blank line between two messages.

    The streamed text is a prefix of the final text, unless a model breaks off or exceeds a length limit.
    """

    def __init__(self, on_text: TextCallback = discard) -> None:
        self._on_text = on_text
        self._streamed = ""
        self._held_whitespace = ""
        self._has_previous_message = False

    @property
    def writer(self) -> TextCallback:
        """Callback for the model; `discard` when nothing is streamed, so that a model need not stream."""
        return discard if self._on_text is discard else self.write

    def write(self, piece: str) -> None:
        """Stream the next piece of the present message; whitespace at its ends is held back."""
        text = self._held_whitespace + piece if self._streamed else piece.lstrip()
        stripped = text.rstrip()
        self._held_whitespace = text[len(stripped) :]
        if stripped:
            if not self._streamed and self._has_previous_message:
                self._on_text(PARAGRAPH_SEPARATOR)
            self._streamed += stripped
            self._on_text(stripped)

    def finish_message(self, text: str) -> None:
        """Complete the present message, whose whole text is `text`: stream the part that is missing."""
        if self._on_text is discard:
            return
        self._held_whitespace = ""
        if text.startswith(self._streamed):
            self.write(text[len(self._streamed) :])
        self._streamed, self._held_whitespace, self._has_previous_message = "", "", True


NULL_STREAMER = TextStreamer()
"""Streams nothing; without state, so that all turns can share it."""


class Chunk(NamedTuple):
    """A piece of the text. With `is_restart` it is the complete text and replaces all chunks before it."""

    text: str
    is_restart: bool = False


class TurnStream(TurnListener, AsyncIterator[Chunk]):
    """Async iterator of a turn's chunks; at its end `result` is the turn's result.

    Leaving `async for` early, or `aclose`, cancels the turn, which then changes nothing.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._task: asyncio.Task[TurnResult] | None = None
        self._streamed = ""
        self._is_closed = False

    def on_text(self, text: str) -> None:
        """Add a piece of text."""
        self._queue.put_nowait(text)

    def start(self, turn: Callable[[TurnListener], Coroutine[Any, Any, TurnResult]]) -> TurnStream:
        """Start the turn, with this object as its listener."""
        self._task = asyncio.create_task(turn(self))
        self._task.add_done_callback(lambda task: self._queue.put_nowait(None))
        return self

    @property
    def result(self) -> TurnResult:
        """The turn's result. Raises what the turn raised, and `InvalidStateError` before its end."""
        assert self._task is not None
        return self._task.result()

    async def __aiter__(self) -> AsyncGenerator[Chunk]:
        """Iterate over the remaining chunks."""
        try:
            while (chunk := await self._next_chunk()) is not None:
                yield chunk
        finally:
            self._cancel()

    async def __anext__(self) -> Chunk:
        """Return the next chunk."""
        chunk = await self._next_chunk()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """Cancel the turn, and wait until it has ended."""
        self._cancel()
        assert self._task is not None
        await asyncio.wait([self._task])

    def _cancel(self) -> None:
        assert self._task is not None
        self._is_closed = True
        self._task.cancel()

    async def _next_chunk(self) -> Chunk | None:
        """Return the next piece or, after the last, the part of the result that was not streamed."""
        if self._is_closed:
            return None
        text = await self._queue.get()
        if text is None:
            self._queue.put_nowait(None)  # for other consumers that wait
            return None if self._is_closed else self._remaining_chunk()
        self._streamed += text
        return Chunk(text)

    def _remaining_chunk(self) -> Chunk | None:
        before, self._streamed = self._streamed, self.result.text
        if self._streamed.startswith(before):
            return Chunk(self._streamed[len(before) :]) if self._streamed != before else None
        return Chunk(self._streamed, is_restart=True)
