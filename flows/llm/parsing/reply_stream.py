"""Streams the part of a model's output that is meant for the user while it is received."""

from __future__ import annotations

from pydantic import JsonValue

from flows.llm.functions import BRIEF_RESPONSE_KEY, NEXT_MESSAGE_KEY, STAY_FUNCTION_NAME
from flows.llm.model import TextCallback, TransitionRequest
from flows.llm.parsing.decision import ModelOutput, parse_partial_object
from flows.llm.parsing.text_tool_calls import callable_names, stream_end_pattern
from flows.text import replace_surrogates


class ReplyStreamer:
    """Forwards the parts of one streamed answer that cannot be a tool call or half a character."""

    def __init__(self, write: TextCallback, names: tuple[str, ...] = ()) -> None:
        """Stream to `write`; `names` are the functions that the model may call."""
        self._write = write
        self._call_markers = stream_end_pattern(names)
        self._text = ""
        self._streamed_length = 0
        self._value_length = 0
        self._is_stopped = False

    @property
    def has_started(self) -> bool:
        """True if a part of the answer has been streamed."""
        return self._streamed_length > 0

    def feed(self, answer: ModelOutput, piece: str) -> None:
        """Process the next piece of the output; `answer` is what has been received with it."""
        self.write(piece)

    def write(self, piece: str) -> None:
        """Stream the next piece of text, except what may become a tool call and all that follows one."""
        self._text += piece
        if self._is_stopped:
            return
        mark = self._call_markers.search(self._text, self._streamed_length, partial=True)
        end = mark.start() if mark else len(self._text)
        self._is_stopped = bool(mark and not mark.partial)
        if end > self._streamed_length and "\ud800" <= self._text[end - 1] <= "\udbff":
            end -= 1  # the second surrogate may follow
        if end > self._streamed_length:
            self._write(replace_surrogates(self._text[self._streamed_length : end]))
            self._streamed_length = end

    def write_value(self, value: object) -> None:
        """Stream what is new in a text of a JSON object that is still being received."""
        if isinstance(value, str) and len(value) > self._value_length:
            self.write(value[self._value_length :])
            self._value_length = len(value)


class ToolCallReplyStreamer(ReplyStreamer):
    """Streams the reply in a function call: to stay, or to follow an edge that needs nothing else.

    A text instead of a call is the reply of a model that stays. With `may_follow` a call may still come after
    the text, which is then not streamed.
    """

    def __init__(self, question: TransitionRequest, *, may_follow: bool) -> None:
        super().__init__(question.write, callable_names(question))
        self._call_may_follow = may_follow
        self._reply_keys = {
            **dict.fromkeys(_unconditional_edge_ids(question), NEXT_MESSAGE_KEY),
            STAY_FUNCTION_NAME: BRIEF_RESPONSE_KEY,
        }

    def feed(self, answer: ModelOutput, piece: str) -> None:
        """Process the next piece; with several calls nothing is streamed any more."""
        if not answer.calls:
            if not self._call_may_follow:
                self.write(piece)
        elif len(answer.calls) == 1:
            name, arguments = answer.calls[0]
            if key := self._reply_keys.get(name):
                self.write_value((parse_partial_object(arguments) or {}).get(key))


class JsonReplyStreamer(ToolCallReplyStreamer):
    """Streams the reply in an answer that is JSON, in which the function's name comes first.

    A server may call a function all the same.
    """

    def __init__(self, question: TransitionRequest) -> None:
        super().__init__(question, may_follow=True)
        self._edge_ids = _unconditional_edge_ids(question)
        self._received = ""

    def feed(self, answer: ModelOutput, piece: str) -> None:
        """Process the next piece of the JSON, before which there may be a line such as “```json”."""
        if answer.calls:
            super().feed(answer, piece)
            return
        self._received += piece
        start = self._received.find("{")
        if start >= 0:
            self.write_value(self._reply(parse_partial_object(self._received[start:]) or {}))

    def _reply(self, decision: dict[str, JsonValue]) -> JsonValue:
        if next(reversed(decision), "function") == "function":
            return None  # the function's name may still be incomplete
        if decision.get("function") == STAY_FUNCTION_NAME:
            return decision.get("reply")
        arguments = decision.get("arguments")
        if decision.get("function") in self._edge_ids and isinstance(arguments, dict):
            return arguments.get(NEXT_MESSAGE_KEY)
        return None


def _unconditional_edge_ids(question: TransitionRequest) -> list[str]:
    return [each.edge_id for each in question.speculative_replies if each.is_unconditional]
