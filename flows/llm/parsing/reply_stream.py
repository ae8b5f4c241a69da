"""Telling a reader what a model writes for the user, while it is being written."""

from __future__ import annotations

import re

from flows.llm.model import TextCallback, TransitionRequest
from flows.llm.parsing.decision import ModelOutput
from flows.llm.parsing.partial_json import PartialJsonString
from flows.llm.parsing.text_tool_calls import call_marker_pattern, callable_names
from flows.llm.prompts import BRIEF_RESPONSE_KEY, NEXT_MESSAGE_KEY, STAY_FUNCTION_NAME
from flows.text import replace_surrogates


class ReplyStreamer:
    """Hears one answer, and tells of it what cannot be a call, nor half a character."""

    def __init__(self, write: TextCallback, names: tuple[str, ...] = ()) -> None:
        self._write = write
        self._call_markers = call_marker_pattern(names)
        self._text = ""
        self._streamed_length = 0
        self._is_stopped = False

    @property
    def has_started(self) -> bool:
        """Whether something was told."""
        return self._streamed_length > 0

    def feed(self, answer: ModelOutput, piece: str) -> None:
        """Take what the answer is by now, and the piece that has just come."""
        self.write(piece)

    def write(self, piece: str) -> None:
        """The next piece of the text; what may become a call is held back, and so is all behind one."""
        self._text += piece
        if self._is_stopped:
            return
        mark = self._call_markers.search(self._text, self._streamed_length, partial=True)
        end = mark.start() if mark else len(self._text)
        self._is_stopped = bool(mark and not mark.partial)
        if end > self._streamed_length and "\ud800" <= self._text[end - 1] <= "\udbff":
            end -= 1  # the other half may follow
        if end > self._streamed_length:
            self._write(replace_surrogates(self._text[self._streamed_length : end]))
            self._streamed_length = end


class ToolCallReplyStreamer(ReplyStreamer):
    """Tells what is said in a call: by the function to stay, or by one that nothing keeps from leading on.

    A text in place of a call is said by a model that stays. With `may_follow` a call may still follow it, and
    then it is not said.
    """

    def __init__(self, question: TransitionRequest, *, may_follow: bool) -> None:
        super().__init__(question.write, callable_names(question))
        self._call_may_follow = may_follow
        self._readers = {
            name: PartialJsonString(NEXT_MESSAGE_KEY, self.write)
            for name in _unconditional_edge_ids(question)
        }
        self._readers[STAY_FUNCTION_NAME] = PartialJsonString(BRIEF_RESPONSE_KEY, self.write)

    def feed(self, answer: ModelOutput, piece: str) -> None:
        """Read on in the one call that there is."""
        if not answer.calls:
            if not self._call_may_follow:
                self.write(piece)
        elif len(answer.calls) == 1 and (reader := self._readers.get(answer.calls[0][0])):
            reader.feed(piece)


class JsonReplyStreamer(ReplyStreamer):
    """Tells the same of an answer that is JSON, where the function's name comes first."""

    def __init__(self, question: TransitionRequest) -> None:
        super().__init__(question.write, callable_names(question))
        names = "|".join(map(re.escape, _unconditional_edge_ids(question)))
        self._reply_reader = PartialJsonString(
            "reply", self.write, only_after=_function_name_pattern(STAY_FUNCTION_NAME)
        )
        self._next_message_reader = PartialJsonString(
            NEXT_MESSAGE_KEY, self.write, only_after=_function_name_pattern(f"(?:{names})")
        )

    def feed(self, answer: ModelOutput, piece: str) -> None:
        """Read on in the JSON."""
        self._reply_reader.feed(piece)
        self._next_message_reader.feed(piece)


def _unconditional_edge_ids(question: TransitionRequest) -> list[str]:
    return [each.edge_id for each in question.speculative_replies if each.is_unconditional]


def _function_name_pattern(pattern: str) -> str:
    return rf'"function"\s*:\s*"{pattern}"'
