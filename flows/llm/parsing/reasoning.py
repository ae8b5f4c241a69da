"""What a model thinks before it speaks, where a server leaves it in the text: nobody is to read it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAMES = {
    "<think>": "</think>",  # DeepSeek, Qwen and MiniMax
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "[think]": "[/think]",  # Mistral
}
_ENDS: Mapping[str, re.Pattern[str]] = {
    start: re.compile(re.escape(end), re.IGNORECASE) for start, end in _NAMES.items()
}
_LONGEST_END = max(map(len, _NAMES.values()))


class Thoughts:
    """Takes the thoughts that an answer begins with out of it, piece by piece."""

    def __init__(self) -> None:
        self._is_speaking = False
        self._held = ""
        self._end: re.Pattern[str] | None = None

    def feed(self, piece: str) -> str:
        """What may be told now that `piece` has come. Space before the first word is left out."""
        if self._is_speaking:
            return piece
        self._held += piece
        while self._is_thought_through():
            begun = self._held = self._held.lstrip()
            small = begun.lower()
            if any(start.startswith(small) for start in _ENDS):
                return ""  # nothing by now, or what may become a mark
            start = next((start for start in _ENDS if small.startswith(start)), "")
            if not start:
                self._is_speaking, self._held = True, ""
                return begun
            self._held, self._end = begun[len(start) :], _ENDS[start]
        return ""

    def rest(self) -> str:
        """What was held back though it began no thoughts, once the answer has come to its end."""
        return "" if self._end else self._held

    def _is_thought_through(self) -> bool:
        """Whether no thought is open; what has been thought is dropped."""
        if self._end:
            end = self._end.search(self._held)
            if end is None:
                self._held = self._held[-_LONGEST_END:]
                return False
            self._held, self._end = self._held[end.end() :], None
        return True


def spoken(text: str) -> str:
    """A whole answer without its thoughts."""
    thoughts = Thoughts()
    said = thoughts.feed(text) + thoughts.rest()
    return after_thoughts(said)


def after_thoughts(text: str) -> str:
    """What stands behind the last end of a thought, where its beginning stood in the question already."""
    for end in _ENDS.values():
        text = end.split(text)[-1].lstrip()
    return text
