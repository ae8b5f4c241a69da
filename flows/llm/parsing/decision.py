"""A chat model's answer put together, whether it came whole or in pieces, and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue
from pydantic_core import from_json

from flows.llm.model import Decide, Decision, Speech, Trouble
from flows.llm.parsing.text_tool_calls import calls_in, has_sign, mark_in, offered_names
from flows.llm.prompts import BRIEF, NEXT, STAY
from flows.text.surrogates import whole_characters, without_halves
from flows.tools.types import Call

LONGEST_REPLY = 1_500
_SENTENCE = re.compile(r"[.!?…](?=\s|$)")


@dataclass
class Answer:
    """`calls` are (name, arguments as text); `is_whole` says that the server has come to its end.

    `content` is what the model says, without what it thought before. `is_cut` says that it had to stop.
    """

    content: str = ""
    refusal: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    tokens: int = 0
    is_whole: bool = True
    is_filtered: bool = False
    is_cut: bool = False

    def decision(self, model: str, question: Decide) -> Decision:
        """What the answer decides. What cannot be read as anything offered is a decision to stay."""
        if self.refusal or self.is_filtered:
            return Decision(tokens=self.tokens, model=model, trouble="refused")
        if not self.calls and (begin := mark_in(self.content, question)) >= 0:
            self.calls = calls_in(self.content[begin:], offered_names(question))
            if not self.calls:
                return Decision(tokens=self.tokens, model=model, trouble="malformed")
        if not self.calls:
            reply, trouble = self._said(self.content, question)
            return Decision(reply=reply, tokens=self.tokens, model=model, trouble=trouble)
        wanted = _wanted(self.calls, {tool.name for tool in question.tools}) if question.tools else ()
        if wanted:
            return Decision(tokens=self.tokens, model=model, calls=wanted)
        name, text = self.calls[0]
        given = _arguments(text)
        if given is None and self.is_cut and name == STAY:
            given = _begun(text)
        if given is None:
            return Decision(tokens=self.tokens, model=model, trouble="malformed")
        if name == STAY:
            reply, trouble = self._said(given.get(BRIEF), question)
            return Decision(reply=reply, tokens=self.tokens, model=model, trouble=trouble)
        if NEXT not in given:
            return Decision(name, given, tokens=self.tokens, model=model)
        reply, trouble = self._said(given.pop(NEXT), question)
        return Decision(name, given, reply, "", self.tokens, model, (), trouble if reply else "")

    def speech(self, model: str) -> Speech:
        """What the answer says."""
        if self.refusal or self.is_filtered:
            return Speech(tokens=self.tokens, model=model, trouble="refused")
        text, trouble = self._said(self.content)
        return Speech(text, self.tokens, model, trouble)

    def _said(self, value: object, question: Decide | None = None) -> tuple[str, Trouble]:
        """A text as the user gets it, if nothing in it is a call."""
        text, trouble = shortened(value, self.is_cut)
        if has_sign(text) and mark_in(text, question) >= 0:
            return "", "malformed"
        return text, trouble


def shortened(value: object, is_cut: bool = False) -> tuple[str, Trouble]:
    """A text for the user, cut at a sentence's end when it is too long; and what was wrong with it.

    With `is_cut` it has been cut somewhere already.
    """
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        return "", "empty"
    if not text.isascii():
        text = whole_characters(text)
    if len(text) <= LONGEST_REPLY and not is_cut:
        return text, ""
    cut = text[:LONGEST_REPLY]
    ends = [match.end() for match in _SENTENCE.finditer(cut)]
    if ends and ends[-1] > len(cut) // 3:
        return cut[: ends[-1]], "cut"
    return f"{cut[: LONGEST_REPLY - 1].rpartition(' ')[0] or cut[: LONGEST_REPLY - 1]}…", "cut"


def _wanted(calls: list[tuple[str, str]], tools: Container[str]) -> tuple[Call, ...]:
    read = [(name, _arguments(text)) for name, text in calls if name in tools]
    return tuple([Call(name, given) for name, given in read if given is not None])


def _arguments(text: str) -> dict[str, JsonValue] | None:
    """The arguments of a call, or None when they are not a JSON object; models write anything at times."""
    if not text or not text.strip():
        return {}
    try:
        arguments = from_json(text)
    except (ValueError, TypeError):
        arguments = _with_halves(text)
    return arguments if isinstance(arguments, dict) else None


def _begun(text: str) -> dict[str, JsonValue] | None:
    """The arguments of a call that was cut, as far as they go."""
    try:
        arguments = from_json(whole_characters(text), allow_partial="trailing-strings")
    except ValueError:
        return None
    return arguments if isinstance(arguments, dict) else None


def _with_halves(text: str) -> Any:
    """JSON that has half characters in it, without them; None when it is no JSON."""
    try:
        return without_halves(json.loads(text))
    except (ValueError, RecursionError):
        return None
