"""Parses completions of the OpenAI protocol, which the package does not validate.

Everything here raises `AttributeError`, `TypeError` or `LookupError` for a response that violates the
protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows.llm.parsing import ModelOutput, arguments_as_text, strip_reasoning

_CHARACTERS_PER_TOKEN = 4
"""Approximate number of characters per token."""


def parse_completion(completion: Any) -> ModelOutput:
    """Parse a response that was not streamed."""
    usage, choices = completion.usage, completion.choices
    if not choices:
        raise LookupError("no answer, and perhaps an error")
    message, end = choices[0].message, choices[0].finish_reason
    return ModelOutput(
        strip_reasoning(message_text(message.content)) if message.content else "",
        message_text(message.refusal) if message.refusal else "",
        _parse_tool_calls(message.tool_calls) if message.tool_calls else [],
        total_tokens(usage) if usage else 0,
        is_filtered=end == "content_filter",
        is_truncated=end == "length",
    )


def message_text(content: object) -> str:
    """Return a message's text; some servers send it in parts, with the reasoning in parts of its own."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise TypeError("this is no text")
    return "".join([part["text"] for part in content if part.get("type") == "text"])


def total_tokens(usage: Any) -> int:
    """Return the total of tokens, as far as the server reports them as numbers."""
    names = ("total_tokens", "prompt_tokens", "completion_tokens")
    total, prompt_tokens, completion_tokens = (_positive_int(getattr(usage, name, 0)) for name in names)
    return total or prompt_tokens + completion_tokens


def estimate_tokens(lines: Sequence[Mapping[str, Any]], answer: ModelOutput) -> int:
    """Estimate token usage when the server does not report it; pictures are not counted."""
    prompt_tokens = sum([len(message_text(line["content"] or "")) for line in lines])
    called = sum([len(name) + len(text) for name, text in answer.calls])
    return (prompt_tokens + len(answer.content) + called) // _CHARACTERS_PER_TOKEN


def _parse_tool_calls(calls: object) -> list[tuple[str, str]]:
    """Return the function calls; some servers omit the `type` that distinguishes them from others."""
    if not isinstance(calls, list):
        raise TypeError("this is not a list of calls")
    functions = [getattr(call, "function", None) for call in calls]
    return [(message_text(each.name), arguments_as_text(each.arguments)) for each in functions if each]


def _positive_int(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
