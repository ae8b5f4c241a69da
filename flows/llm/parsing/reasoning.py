"""Strips reasoning that a server leaves in a model's text."""

from __future__ import annotations

import re
from collections.abc import Mapping

_REASONING_TAGS = {
    "<think>": "</think>",  # DeepSeek, Qwen and MiniMax
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<reflection>": "</reflection>",
    "<scratchpad>": "</scratchpad>",
    "<analysis>": "</analysis>",
    "<|thinking|>": "<|/thinking|>",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "[think]": "[/think]",  # Mistral
    "◁think▷": "◁/think▷",  # Kimi
}
_END_TAGS: Mapping[str, re.Pattern[str]] = {
    start: re.compile(re.escape(end), re.IGNORECASE) for start, end in _REASONING_TAGS.items()
}
_MAX_END_TAG_LENGTH = max(map(len, _REASONING_TAGS.values()))


class ReasoningFilter:
    """Removes the reasoning at the beginning of a streamed output."""

    def __init__(self) -> None:
        self._is_past_reasoning = False
        self._buffer = ""
        self._end_tag: re.Pattern[str] | None = None

    def feed(self, piece: str) -> str:
        """Return the text that can be streamed after `piece`, without leading whitespace."""
        if self._is_past_reasoning:
            return piece
        self._buffer += piece
        while self._drop_closed_reasoning():
            begun = self._buffer = self._buffer.lstrip()
            small = begun.lower()
            if any(start.startswith(small) for start in _END_TAGS):
                return ""  # nothing yet, or what may become a marker
            start = next((start for start in _END_TAGS if small.startswith(start)), "")
            if not start:
                self._is_past_reasoning, self._buffer = True, ""
                return begun
            self._buffer, self._end_tag = begun[len(start) :], _END_TAGS[start]
        return ""

    def flush(self) -> str:
        """Return the text that was held back but began no reasoning, at the end of the output."""
        return "" if self._end_tag else self._buffer

    def _drop_closed_reasoning(self) -> bool:
        """Drop complete reasoning; return whether none is open."""
        if self._end_tag:
            end = self._end_tag.search(self._buffer)
            if end is None:
                self._buffer = self._buffer[-_MAX_END_TAG_LENGTH:]
                return False
            self._buffer, self._end_tag = self._buffer[end.end() :], None
        return True


def strip_reasoning(text: str) -> str:
    """Return a complete output without its reasoning."""
    thoughts = ReasoningFilter()
    visible = thoughts.feed(text) + thoughts.flush()
    return text_after_reasoning(visible)


def text_after_reasoning(text: str) -> str:
    """Return the text after the last end marker, for reasoning that was begun in the prompt."""
    for end in _END_TAGS.values():
        text = end.split(text)[-1].lstrip()
    return text
