"""What a completion of the OpenAI protocol holds. The package checks nothing of it, so it is checked here.

Whatever is read raises `AttributeError`, `TypeError` or `LookupError` when it is not of the protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flows.llm.parsing.decision import Answer
from flows.llm.parsing.reasoning import spoken
from flows.llm.parsing.text_tool_calls import written
from flows.llm.prompts import ChatLine
from flows.state.dialog_state import Line

_LETTERS = 4
"""About how many make a token."""


def whole(completion: Any) -> Answer:
    """An answer that has come whole."""
    usage, choices = completion.usage, completion.choices
    if not choices:
        raise LookupError("no answer, and perhaps an error")
    message, end = choices[0].message, choices[0].finish_reason
    return Answer(
        spoken(text_of(message.content)) if message.content else "",
        text_of(message.refusal) if message.refusal else "",
        _calls_of(message.tool_calls) if message.tool_calls else [],
        tokens_of(usage) if usage else 0,
        is_filtered=end == "content_filter",
        is_cut=end == "length",
    )


def text_of(content: object) -> str:
    """A message's text; some servers send it in parts, and what was thought as another."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise TypeError("this is no text")
    return "".join([part["text"] for part in content if part.get("type") == "text"])


def tokens_of(usage: Any) -> int:
    """What an answer has cost, as far as the server says so in numbers."""
    names = ("total_tokens", "prompt_tokens", "completion_tokens")
    total, asked, told = (_number(getattr(usage, name, 0)) for name in names)
    return total or asked + told


def estimated(lines: Sequence[ChatLine | Line], answer: Answer) -> int:
    """About what an answer has cost whose server has not said it."""
    asked = sum([len(line["content"] or "") for line in lines])
    called = sum([len(name) + len(text) for name, text in answer.calls])
    return (asked + len(answer.content) + called) // _LETTERS


def _calls_of(calls: object) -> list[tuple[str, str]]:
    """The functions' calls; some servers leave out the `type` that tells them from others."""
    if not isinstance(calls, list):
        raise TypeError("this is no list of calls")
    functions = [getattr(call, "function", None) for call in calls]
    return [(text_of(each.name), written(each.arguments)) for each in functions if each]


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
