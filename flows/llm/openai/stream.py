"""An answer of the OpenAI protocol that comes in pieces, as OpenAI sends it and as other servers do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openai import AsyncStream
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall

from flows.llm.openai.completion import text_of, tokens_of
from flows.llm.parsing.decision import LONGEST_REPLY, Answer
from flows.llm.parsing.reasoning import Thoughts, after_thoughts
from flows.llm.parsing.text_tool_calls import written

Hear = Callable[[Answer, str], None]
"""Takes what the answer is by now, and the piece that has just come."""

_MOST_CONTENT = 4 * LONGEST_REPLY
_MOST_OF_CALLS = 64_000
"""Characters after which nobody needs the rest of the text, or of the functions' names and arguments."""


async def read(stream: AsyncStream[ChatCompletionChunk], hear: Hear) -> Answer:
    """The pieces put together. Raises `ConnectionError` when the stream breaks off."""
    pieces = _Pieces(hear)
    answer = pieces.answer
    async with stream:
        async for chunk in stream:
            if chunk.usage:
                answer.tokens = tokens_of(chunk.usage)
            for choice in chunk.choices or ():
                pieces.take(choice)
            if pieces.are_too_many:
                return answer
    if not answer.is_whole:
        raise ConnectionError("the stream broke off")
    pieces.end()
    return answer


class _Pieces:
    """What has come by now. Servers differ in how they say which call a piece belongs to.

    OpenAI numbers the calls and names each once. Ollama has numbered all of them 0, each with an id of its
    own (ollama/ollama#15457), and had no numbers before (#7881); others name a call in every piece, or put
    its name together out of several (continuedev/continue#5849).
    """

    def __init__(self, hear: Hear) -> None:
        self.answer = Answer(is_whole=False)
        self._hear = hear
        self._thoughts = Thoughts()
        self._size = 0
        self._ids: list[str] = []
        self._last: dict[int | None, int] = {}  # by the server's number, the call that it meant last

    @property
    def are_too_many(self) -> bool:
        """Whether a model that has lost its way is writing on and on."""
        return len(self.answer.content) > _MOST_CONTENT or self._size > _MOST_OF_CALLS

    def take(self, choice: Any) -> None:
        """The next piece."""
        answer, delta = self.answer, choice.delta
        if delta.refusal:
            answer.refusal += text_of(delta.refusal)
        for call in delta.tool_calls or ():
            self._take_call(call)
        if delta.content and (piece := self._thoughts.feed(text_of(delta.content))):
            answer.content += piece
            if not answer.calls:
                self._hear(answer, piece)
        if choice.finish_reason:
            answer.is_whole = True
            answer.is_filtered = choice.finish_reason == "content_filter"
            answer.is_cut = choice.finish_reason == "length"

    def end(self) -> None:
        """Nothing follows."""
        rest = self._thoughts.rest()
        self.answer.content = after_thoughts(self.answer.content + rest)
        if rest and not self.answer.calls:
            self._hear(self.answer, rest)

    def _take_call(self, piece: ChoiceDeltaToolCall) -> None:
        function, calls = piece.function, self.answer.calls
        name, text = (function.name or "", written(function.arguments)) if function else ("", "")
        place = self._last.get(piece.index)
        if place is None or (calls[place][0] and name and self._is_another(piece, place)):
            place = self._last[piece.index] = len(calls)
            calls.append(("", ""))
            self._ids.append(piece.id or "")
        known, before = calls[place]
        calls[place] = (known if name == known else known + name, before + text)
        self._size += 1 + len(name) + len(text)
        self._hear(self.answer, text)

    def _is_another(self, piece: ChoiceDeltaToolCall, place: int) -> bool:
        """Whether a piece that names a function is a new call, and not more of the one at `place`."""
        return piece.index is None or bool(piece.id and piece.id != self._ids[place])
