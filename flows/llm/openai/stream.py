"""Assembles streamed completions of the OpenAI protocol, also of servers that deviate from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openai import AsyncStream
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall

from flows.llm.openai.completion import message_text, total_tokens
from flows.llm.parsing import (
    MAX_REPLY_LENGTH,
    ModelOutput,
    ReasoningFilter,
    arguments_as_text,
    text_after_reasoning,
)

StreamCallback = Callable[[ModelOutput, str], None]
"""Callback with the output received so far and the piece just received."""

_MAX_CONTENT_LENGTH = MAX_REPLY_LENGTH + 4_000
_MAX_CALLS_LENGTH = 64_000
"""Maximum number of characters of the text, and of function names and arguments; the rest is not read."""


async def read_stream(stream: AsyncStream[ChatCompletionChunk], on_piece: StreamCallback) -> ModelOutput:
    """Read a stream to its end. Raises `ConnectionError` when it breaks off."""
    pieces = _StreamAccumulator(on_piece)
    answer = pieces.output
    async with stream:
        async for chunk in stream:
            if chunk.usage:
                answer.tokens = total_tokens(chunk.usage)
            for choice in chunk.choices or ():
                pieces.add(choice)
            if pieces.exceeds_limit:
                return answer
    if not answer.is_complete:
        raise ConnectionError("the stream broke off")
    pieces.finish()
    return answer


class _StreamAccumulator:
    """Accumulates pieces of an output. Servers differ in how they assign a piece to a call.

    OpenAI numbers the calls and names each once. Ollama numbers all of them 0, each with an id of its own
    (ollama/ollama#15457), and sent no numbers before (#7881); others name a call in every piece, or send its
    name in several (continuedev/continue#5849).
    """

    def __init__(self, on_piece: StreamCallback) -> None:
        self.output = ModelOutput(is_complete=False)
        self._callback = on_piece
        self._reasoning_filter = ReasoningFilter()
        self._calls_length = 0
        self._call_ids: list[str] = []
        self._last_call_by_index: dict[
            int | None, int
        ] = {}  # by the server's number, the index of the call it referred to last

    @property
    def exceeds_limit(self) -> bool:
        """True if the output is longer than any that is useful."""
        return len(self.output.content) > _MAX_CONTENT_LENGTH or self._calls_length > _MAX_CALLS_LENGTH

    def add(self, choice: Any) -> None:
        """Add the next piece."""
        answer, delta = self.output, choice.delta
        if delta.refusal:
            answer.refusal += message_text(delta.refusal)
        for call in delta.tool_calls or ():
            self._add_tool_call(call)
        if delta.content and (piece := self._reasoning_filter.feed(message_text(delta.content))):
            answer.content += piece
            if not answer.calls:
                self._callback(answer, piece)
        if choice.finish_reason:
            answer.is_complete = True
            answer.is_filtered = choice.finish_reason == "content_filter"
            answer.is_truncated = choice.finish_reason == "length"

    def finish(self) -> None:
        """Process the end of the stream."""
        remainder = self._reasoning_filter.flush()
        self.output.content = text_after_reasoning(self.output.content + remainder)
        if remainder and not self.output.calls:
            self._callback(self.output, remainder)

    def _add_tool_call(self, piece: ChoiceDeltaToolCall) -> None:
        function, calls = piece.function, self.output.calls
        name, text = (function.name or "", arguments_as_text(function.arguments)) if function else ("", "")
        position = self._last_call_by_index.get(piece.index)
        if position is None or (calls[position][0] and name and self._is_new_call(piece, position)):
            position = self._last_call_by_index[piece.index] = len(calls)
            calls.append(("", ""))
            self._call_ids.append(piece.id or "")
        name_so_far, before = calls[position]
        calls[position] = (name_so_far if name == name_so_far else name_so_far + name, before + text)
        self._calls_length += 1 + len(name) + len(text)
        self._callback(self.output, text)

    def _is_new_call(self, piece: ChoiceDeltaToolCall, position: int) -> bool:
        """Return whether a piece with a name begins a new call instead of continuing the one at `place`."""
        return piece.index is None or bool(piece.id and piece.id != self._call_ids[position])
