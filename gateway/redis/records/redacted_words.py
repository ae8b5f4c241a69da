"""Words of a message that has to leave what is stored, and what is left of texts and states without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic_core import from_json, to_json

MARK: Final = "(deleted)"
"""Text in the place of the words."""

_MIN_PHRASE: Final = 4
"""Shortest text that is looked for inside of others; a shorter one has to be the whole line."""
_MAX_HISTORY_LINE: Final = 1_000
_WORD: Final = re.compile(r"\w+")
_LONG_WORD: Final = 3


class RedactedWords:
    """The texts of a message. Case and white space do not count."""

    def __init__(self, texts: Iterable[str]) -> None:
        whole = [text for text in texts if text.strip()]
        self.texts = tuple(dict.fromkeys([*whole, *(text[:_MAX_HISTORY_LINE] for text in whole)]))
        self._lines = {_fold(text) for text in self.texts}
        self._words = {word for text in self.texts for word in _WORD.findall(text.casefold())}
        self._letters = ["".join(_WORD.findall(text.casefold())) for text in self.texts]
        phrases = sorted((text for text in self.texts if len(text.strip()) >= _MIN_PHRASE), key=len)
        pattern = "|".join(r"\s+".join(map(re.escape, text.split())) for text in reversed(phrases))
        self._phrases = re.compile(pattern, re.IGNORECASE) if pattern else None

    def clean(self, text: str) -> str:
        """Return a text with a mark in the place of the words."""
        if self._phrases is not None:
            text = self._phrases.sub(MARK, text)
        if not any(_fold(line) in self._lines for line in text.split("\n")):
            return text
        return "\n".join(MARK if _fold(line) in self._lines else line for line in text.split("\n"))

    def clean_tree(self, value: Any) -> Any:
        """Return decoded JSON with its texts cleaned."""
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, list):
            return [self.clean_tree(each) for each in value]
        if isinstance(value, dict):
            return {name: self.clean_tree(each) for name, each in value.items()}
        return value

    def clean_record(self, record: bytes) -> bytes:
        """Return an encoded record with its texts cleaned; something may stand before its JSON."""
        head, brace, rest = record.partition(b"{")
        if not brace:
            return record
        value = from_json(brace + rest)
        cleaned = self.clean_tree(value)
        return record if cleaned == value else head + to_json(cleaned)

    def are_source_of(self, value: Any) -> bool:
        """Return whether a value can have been read from the words: all its long words, or itself, are there.

        A date that was written with a month's name still has its year.
        """
        if isinstance(value, bool) or value is None:
            return False
        if isinstance(value, Mapping | list):
            inner = list(value.values()) if isinstance(value, Mapping) else value
            return bool(inner) and any(self.are_source_of(each) for each in inner)
        words = _WORD.findall(str(value).casefold())
        letters = "".join(words)
        if len(letters) >= _LONG_WORD and any(letters in each for each in self._letters):
            return True
        long_words = [word for word in words if len(word) >= _LONG_WORD]
        return bool(words) and all(word in self._words for word in long_words or words)

    def with_values(self, values: Iterable[Any]) -> RedactedWords:
        """Return these words together with values that were read from them."""
        return RedactedWords([*self.texts, *(str(each) for each in values if isinstance(each, str | int))])


def redact_state(
    state: dict[str, Any], words: RedactedWords, *, has_files: bool
) -> tuple[dict[str, Any], RedactedWords]:
    """Return a dialog's state without the words and the slots read from them, and all that has to leave.

    Words that are in no line of the history any more may be in its summary, which is dropped then. The
    words of a file, a voice note say, are known to the history only, which is emptied with it.
    """
    slots: dict[str, Any] = dict(state.get("slots") or {})
    derived = {name: value for name, value in slots.items() if words.are_source_of(value)}
    if derived:
        state = {**state, "slots": {name: slots[name] for name in slots if name not in derived}}
        state["filled"] = [name for name in state.get("filled") or [] if name not in derived]
        words = words.with_values(derived.values())
    cleaned: dict[str, Any] = words.clean_tree(state)
    if cleaned.get("history") == state.get("history"):
        cleaned.pop("summary", None)
        if has_files:
            cleaned.pop("history", None)
    return cleaned, words


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())
