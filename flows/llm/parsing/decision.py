"""Parses a chat model's output into a decision or a reply."""

from __future__ import annotations

import json
import re
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue
from pydantic_core import from_json

from flows.llm.functions import BRIEF_RESPONSE_KEY, NEXT_MESSAGE_KEY, STAY_FUNCTION_NAME
from flows.llm.model import GeneratedReply, OutputIssue, TransitionDecision, TransitionRequest
from flows.llm.parsing.called_edges import choose_edge, resolve_name
from flows.llm.parsing.special_tokens import visible_text
from flows.llm.parsing.text_tool_calls import (
    callable_names,
    find_tool_call_marker,
    may_contain_marker,
    parse_text_tool_calls,
)
from flows.text import replace_surrogates, replace_surrogates_in_json
from flows.tools import ToolCallRequest

MAX_REPLY_LENGTH = 16_000
"""Maximum length of a text of a model; channels split it into parts.

A longer text is a model repeating itself.
"""

_SENTENCE_END = re.compile(r"[.!?…](?=\s|$)")


@dataclass
class ModelOutput:
    """Output of a chat model, streamed or not.

    `content` is its text without reasoning, `calls` are (name, arguments as text). `is_complete` says that
    the server has sent all of it, `is_truncated` that the model had to stop at its length limit. `issue` is
    `malformed` for a call written as text that cannot be read.
    """

    content: str = ""
    refusal: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    tokens: int = 0
    is_complete: bool = True
    is_filtered: bool = False
    is_truncated: bool = False
    issue: OutputIssue = ""

    def to_decision(self, model: str, question: TransitionRequest) -> TransitionDecision:
        """Return the decision; output that names nothing offered is a decision to stay."""
        if self.refusal or self.is_filtered:
            return TransitionDecision(tokens=self.tokens, model=model, issue="refused")
        self.read_text_calls(question)
        if self.issue:
            return TransitionDecision(tokens=self.tokens, model=model, issue=self.issue)
        if not self.calls:
            reply, issue = self._user_text(self.content, question)
            return TransitionDecision(reply=reply, tokens=self.tokens, model=model, issue=issue)
        tool_calls = (
            _parse_tool_calls(self.calls, {tool.name for tool in question.tools}) if question.tools else ()
        )
        if tool_calls:
            return TransitionDecision(tokens=self.tokens, model=model, calls=tool_calls)
        called = [
            (name, arguments)
            for written, text in self.calls
            if (name := resolve_name(written, question))
            and (arguments := self._arguments(name, text)) is not None
        ]
        if not called:
            return TransitionDecision(tokens=self.tokens, model=model, issue="malformed")
        name, arguments, also, later = choose_edge(called, question)
        if name == STAY_FUNCTION_NAME:
            return self._stay(arguments, model, question)
        if NEXT_MESSAGE_KEY not in arguments:
            return TransitionDecision(
                name, arguments, tokens=self.tokens, model=model, also=also, later_edges=later
            )
        reply, issue = self._user_text(arguments.pop(NEXT_MESSAGE_KEY), question)
        return TransitionDecision(
            name, arguments, reply, tokens=self.tokens, model=model, issue=issue if reply else "", also=also,
            later_edges=later,
        )  # fmt: skip

    @property
    def is_prose(self) -> bool:
        """True if the output is a text that calls nothing."""
        return bool(self.content.strip()) and not (
            self.calls or self.refusal or self.is_filtered or self.issue
        )

    def read_text_calls(self, question: TransitionRequest) -> None:
        """Read what the text is: without markers of the template, and with its calls as calls."""
        if self.refusal or self.is_filtered or self.calls or not self.content:
            return
        self.content = visible_text(self.content)
        if (begin := find_tool_call_marker(self.content, question)) >= 0:
            self.calls = parse_text_tool_calls(self.content[begin:], callable_names(question))
            self.issue = "" if self.calls else "malformed"

    def _arguments(self, name: str, text: str) -> dict[str, JsonValue] | None:
        arguments = _parse_arguments(text)
        if arguments is None and self.is_truncated and name == STAY_FUNCTION_NAME:
            return parse_partial_object(text)
        return arguments

    def _stay(
        self, arguments: dict[str, JsonValue], model: str, question: TransitionRequest
    ) -> TransitionDecision:
        reply, issue = self._user_text(arguments.get(BRIEF_RESPONSE_KEY), question)
        if issue == "empty" and (question.is_first or question.is_silent):
            issue = ""  # there is nothing to say
        return TransitionDecision(reply=reply, tokens=self.tokens, model=model, issue=issue)

    def to_reply(self, model: str) -> GeneratedReply:
        """Return the output as a reply."""
        if self.refusal or self.is_filtered:
            return GeneratedReply(tokens=self.tokens, model=model, issue="refused")
        text, issue = self._user_text(self.content)
        return GeneratedReply(text, self.tokens, model, issue)

    def _user_text(self, value: object, question: TransitionRequest | None = None) -> tuple[str, OutputIssue]:
        """Return a text as the user gets it; an empty one if it contains a tool call."""
        visible = visible_text(value) if isinstance(value, str) else ""
        text, issue = shorten_reply(visible, is_cut=self.is_truncated)
        if may_contain_marker(text) and find_tool_call_marker(text, question) >= 0:
            return "", "malformed"
        return text, issue


def shorten_reply(value: object, *, is_cut: bool = False) -> tuple[str, OutputIssue]:
    """Return a text for the user, cut at the end of a sentence when it is too long, and the issue with it.

    `is_cut` says that the model's output was truncated.
    """
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        return "", "empty"
    if not text.isascii():
        text = replace_surrogates(text)
    if len(text) <= MAX_REPLY_LENGTH and not is_cut:
        return text, ""
    cut = text[:MAX_REPLY_LENGTH]
    ends = [match.end() for match in _SENTENCE_END.finditer(cut)]
    if ends and ends[-1] > len(cut) // 3:
        return cut[: ends[-1]], "cut"
    return f"{cut[: MAX_REPLY_LENGTH - 1].rpartition(' ')[0] or cut[: MAX_REPLY_LENGTH - 1]}…", "cut"


def _parse_tool_calls(calls: list[tuple[str, str]], tools: Container[str]) -> tuple[ToolCallRequest, ...]:
    parsed = [(name, _parse_arguments(text)) for name, text in calls if name in tools]
    return tuple([ToolCallRequest(name, arguments) for name, arguments in parsed if arguments is not None])


def _parse_arguments(text: str) -> dict[str, JsonValue] | None:
    """Return the arguments of a call, or `None` when the model wrote anything but a JSON object."""
    if not text or not text.strip():
        return {}
    try:
        arguments = from_json(text)
    except (ValueError, TypeError):
        arguments = _parse_with_surrogates(text)
    return arguments if isinstance(arguments, dict) else None


def parse_partial_object(text: str) -> dict[str, JsonValue] | None:
    """Return the JSON object at the beginning of `text` as far as it goes, also its last string.

    An incomplete escape and half a surrogate pair at the end are left out. `None` when it is no object.
    """
    if text and "\ud800" <= text[-1] <= "\udbff":
        text = text[:-1]
    try:
        value = from_json(replace_surrogates(text), allow_partial="trailing-strings")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _parse_with_surrogates(text: str) -> Any:
    """Parse JSON with lone surrogates, which are replaced; return `None` for other text."""
    try:
        return replace_surrogates_in_json(json.loads(text))
    except (ValueError, RecursionError):
        return None
