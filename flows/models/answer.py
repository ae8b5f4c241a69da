"""A chat model's answer put together, whether it came whole or in pieces, and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue
from pydantic_core import from_json

from flows.models.port import Call, Decision, Speech, Trouble
from flows.models.prompts import BRIEF, NEXT, STAY

LONGEST_REPLY = 1_500
_SENTENCE = re.compile(r"[.!?…](?=\s|$)")
_CALL = re.compile(r"(?:\A|<tool_call>|```(?:json)?)\s*(\{.*)", re.DOTALL)
_OBJECTS = json.JSONDecoder()


@dataclass
class Answer:
    """`calls` are (name, arguments as text); `is_whole` says that the server has come to its end.

    `content` is what the model says, without what it thought before.
    """

    content: str = ""
    refusal: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    tokens: int = 0
    is_whole: bool = True
    is_filtered: bool = False

    def decision(self, model: str, tools: Container[str]) -> Decision:
        """What the answer decides. What cannot be read as anything offered is a decision to stay."""
        if self.refusal or self.is_filtered:
            return Decision(tokens=self.tokens, model=model, trouble="refused")
        if not self.calls and (call := _CALL.search(self.content)):
            self.calls = _called(call[1])
            if not self.calls and not self.content[: call.start()].strip():
                return Decision(tokens=self.tokens, model=model, trouble="malformed")
        if not self.calls:
            reply, trouble = shortened(self.content)
            return Decision(reply=reply, tokens=self.tokens, model=model, trouble=trouble)
        wanted = _wanted(self.calls, tools) if tools else ()
        if wanted:
            return Decision(tokens=self.tokens, model=model, calls=wanted)
        name, text = self.calls[0]
        given = _arguments(text)
        if given is None:
            return Decision(tokens=self.tokens, model=model, trouble="malformed")
        if name == STAY:
            reply, trouble = shortened(given.get(BRIEF))
            return Decision(reply=reply, tokens=self.tokens, model=model, trouble=trouble)
        if NEXT not in given:
            return Decision(name, given, tokens=self.tokens, model=model)
        reply, trouble = shortened(given.pop(NEXT))
        return Decision(name, given, reply, "", self.tokens, model, (), trouble if reply else "")

    def speech(self, model: str) -> Speech:
        """What the answer says."""
        if self.refusal or self.is_filtered:
            return Speech(tokens=self.tokens, model=model, trouble="refused")
        text, trouble = shortened(self.content)
        return Speech(text, self.tokens, model, trouble)


def shortened(value: Any) -> tuple[str, Trouble]:
    """A text for the user, cut at a sentence's end when it is too long; and what was wrong with it."""
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        return "", "empty"
    if len(text) <= LONGEST_REPLY:
        return text, ""
    cut = text[:LONGEST_REPLY]
    ends = [match.end() for match in _SENTENCE.finditer(cut)]
    if ends and ends[-1] > LONGEST_REPLY // 3:
        return cut[: ends[-1]], "cut"
    return f"{cut[: LONGEST_REPLY - 1].rpartition(' ')[0] or cut[: LONGEST_REPLY - 1]}…", "cut"


def written(arguments: object) -> str:
    """A call's arguments as the protocol has them, which is text; some servers send the object itself."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""


def _called(text: str) -> list[tuple[str, str]]:
    """The call that a text begins with: what a model writes that knows no tools, or whose server reads none.

    We ask for `function`, `arguments` and `reply`; models bring `name` and `parameters` from their training.
    """
    try:
        given, _ = _OBJECTS.raw_decode(text)
    except (ValueError, RecursionError):
        return []
    if isinstance(given.get("function"), dict):
        given = given["function"]
    name = given.get("function") or given.get("name")
    arguments = given.get("arguments") or given.get("parameters")
    if name == STAY and "reply" in given:
        arguments = {BRIEF: given["reply"]}
    return [(name, written(arguments))] if isinstance(name, str) else []


def _wanted(calls: list[tuple[str, str]], tools: Container[str]) -> tuple[Call, ...]:
    read = [(name, _arguments(text)) for name, text in calls if name in tools]
    return tuple([Call(name, given) for name, given in read if given is not None])


def _arguments(text: str) -> dict[str, JsonValue] | None:
    """The arguments of a call, or None when they are not a JSON object; models write anything at times."""
    if not text or not text.strip():
        return {}
    try:
        arguments = from_json(text)
    except ValueError:
        return None
    return arguments if isinstance(arguments, dict) else None
