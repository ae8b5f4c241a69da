"""Telling a reader what a model writes for the user, while it is being written."""

from __future__ import annotations

import re

from flows.llm.model import Decide, Write
from flows.llm.parsing.decision import Answer
from flows.llm.parsing.partial_json import PartialText
from flows.llm.parsing.text_tool_calls import marks, offered_names
from flows.llm.prompts import BRIEF, NEXT, STAY
from flows.text.surrogates import whole_characters


class Telling:
    """Hears one answer, and tells of it what cannot be a call, nor half a character."""

    def __init__(self, write: Write, names: tuple[str, ...] = ()) -> None:
        self._write = write
        self._marks = marks(names)
        self._text = ""
        self._told = 0
        self._is_over = False

    @property
    def has_begun(self) -> bool:
        """Whether something was told."""
        return self._told > 0

    def hear(self, answer: Answer, piece: str) -> None:
        """Take what the answer is by now, and the piece that has just come."""
        self.write(piece)

    def write(self, piece: str) -> None:
        """The next piece of the text; what may become a call is held back, and so is all behind one."""
        self._text += piece
        if self._is_over:
            return
        mark = self._marks.search(self._text, self._told, partial=True)
        end = mark.start() if mark else len(self._text)
        self._is_over = bool(mark and not mark.partial)
        if end > self._told and "\ud800" <= self._text[end - 1] <= "\udbff":
            end -= 1  # the other half may follow
        if end > self._told:
            self._write(whole_characters(self._text[self._told : end]))
            self._told = end


class CalledWords(Telling):
    """Tells what is said in a call: by the function to stay, or by one that nothing keeps from leading on.

    A text in place of a call is said by a model that stays. With `may_follow` a call may still follow it, and
    then it is not said.
    """

    def __init__(self, question: Decide, *, may_follow: bool) -> None:
        super().__init__(question.write, offered_names(question))
        self._may_follow = may_follow
        self._readers = {name: PartialText(NEXT, self.write) for name in _sure(question)}
        self._readers[STAY] = PartialText(BRIEF, self.write)

    def hear(self, answer: Answer, piece: str) -> None:
        """Read on in the one call that there is."""
        if not answer.calls:
            if not self._may_follow:
                self.write(piece)
        elif len(answer.calls) == 1 and (reader := self._readers.get(answer.calls[0][0])):
            reader.feed(piece)


class JsonWords(Telling):
    """Tells the same of an answer that is JSON, where the function's name comes first."""

    def __init__(self, question: Decide) -> None:
        super().__init__(question.write, offered_names(question))
        names = "|".join(map(re.escape, _sure(question)))
        self._reply = PartialText("reply", self.write, only_after=_function_named(STAY))
        self._beyond = PartialText(NEXT, self.write, only_after=_function_named(f"(?:{names})"))

    def hear(self, answer: Answer, piece: str) -> None:
        """Read on in the JSON."""
        self._reply.feed(piece)
        self._beyond.feed(piece)


def _sure(question: Decide) -> list[str]:
    return [each.edge for each in question.ahead if each.is_sure]


def _function_named(pattern: str) -> str:
    return rf'"function"\s*:\s*"{pattern}"'
