"""Removes the words of a redacted message from texts and dialog states."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from typing import Any, Final

from pydantic_core import from_json, to_json

from gateway.redis.encryption.sealing import ENTRY_CLEAR, REPLY_CLEAR, SCHEDULED_CLEAR, TURN_CLEAR
from gateway.redis.records.hook_events import EVENT_CLEAR

MARK: Final = "(deleted)"
"""Text that replaces the words."""

_MIN_PHRASE: Final = 4
"""Shortest text that is searched for inside other texts; a shorter one must be the whole line."""
_MAX_HISTORY_LINE: Final = 1_000
_WORD: Final = re.compile(r"\w+")
_LONG_WORD: Final = 3
_QUOTED: Final = re.compile(r"(?<=[“„«])[^“”„«»]+(?=[“”»])")
"""Words of the contact that the bot repeats."""

_CLEAR: Final = TURN_CLEAR | REPLY_CLEAR | ENTRY_CLEAR | SCHEDULED_CLEAR | EVENT_CLEAR
_FIXED: Final = (
    _CLEAR - {"reason", "error", "message"}
    | {"flow", "language", "version", "done", "asked", "filled", "role"}
    | {"channel", "sender", "to", "content_type", "actor", "agent"}
)
"""Fields that identify a record and its place.

They are never the contact's words, although a name of a node or a channel may be the same word.
"""
_OPEN: Final = frozenset({"slots", "variables", "results", "environment", "form", "details", "parameters"})
"""Fields whose inner names are arbitrary: those of the flow or the contact."""


class RedactedWords:
    """The texts of a message. Case and white space do not count."""

    def __init__(self, texts: Iterable[str]) -> None:
        whole = [text for text in texts if text.strip()]
        self.texts = tuple(dict.fromkeys([*whole, *(text[:_MAX_HISTORY_LINE] for text in whole)]))
        self._lines = {_fold(text) for text in self.texts}
        self._words = {word for text in self.texts for word in _WORD.findall(text.casefold())}
        self._letters = [_letters_of(text) for text in self.texts]
        phrases = sorted((text for text in self.texts if len(text.strip()) >= _MIN_PHRASE), key=len)
        pattern = "|".join(r"\s+".join(map(re.escape, text.split())) for text in reversed(phrases))
        self._phrases = re.compile(pattern, re.IGNORECASE) if pattern else None

    def clean(self, text: str) -> str:
        """Return a text in which the words are replaced, also where only a part of them is quoted."""
        text = _QUOTED.sub(lambda quoted: MARK if self.have_part(quoted[0]) else quoted[0], text)
        if self._phrases is not None:
            text = self._phrases.sub(MARK, text)
        if not any(_fold(line) in self._lines for line in text.split("\n")):
            return text
        return "\n".join(MARK if _fold(line) in self._lines else line for line in text.split("\n"))

    def clean_tree(self, value: Any, fixed: Set[str] = _FIXED) -> Any:
        """Return decoded JSON with its texts cleaned, but for the fields in `fixed`."""
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, list):
            return [self.clean_tree(each, fixed) for each in value]
        if isinstance(value, dict):
            return {name: self._clean_field(name, each, fixed) for name, each in value.items()}
        return value

    def _clean_field(self, name: str, value: Any, fixed: Set[str]) -> Any:
        if name in fixed and (name == "address" or not _has_fields(value)):
            return value
        if name in _OPEN:
            fixed = frozenset()
        elif name == "template":
            fixed = fixed | {"name"}
        return self.clean_tree(value, fixed)

    def clean_record(self, record: bytes) -> bytes:
        """Return an encoded record with its texts cleaned; something may stand before its JSON."""
        head, brace, rest = record.partition(b"{")
        if not brace:
            return record
        value = from_json(brace + rest)
        cleaned = self.clean_tree(value)
        return record if cleaned == value else head + to_json(cleaned)

    def have_part(self, text: str) -> bool:
        """Return whether a text is a part of the words, apart from its punctuation."""
        letters = _letters_of(text)
        return len(letters) >= _MIN_PHRASE and any(letters in each for each in self._letters)

    def are_source_of(self, value: Any) -> bool:
        """Return whether a value may have been read from the words: they contain it, or all its long words.

        Long words include the year, so a date matches even if its month was written as a name.
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
    """Return a dialog's state without the words and the slots read from them, and all removed words.

    Words that are no longer in a line of the history may be in its summary, which is dropped then. The words
    of a file, such as a voice note, are known only from the history, which is emptied with it.
    """
    slots: dict[str, Any] = dict(state.get("slots") or {})
    derived = {name: value for name, value in slots.items() if words.are_source_of(value)}
    if derived:
        state = {**state, "slots": {name: slots[name] for name in slots if name not in derived}}
        state["filled"] = [name for name in state.get("filled") or [] if name not in derived]
        words = words.with_values(derived.values())
    cleaned: dict[str, Any] = words.clean_tree(_without_wishes(state, words))
    if cleaned.get("history") == state.get("history"):
        cleaned.pop("summary", None)
        if has_files:
            cleaned.pop("history", None)
    return cleaned, words


def _without_wishes(state: dict[str, Any], words: RedactedWords) -> dict[str, Any]:
    """Return a state without the wishes that were kept from the words, waiting or resumed."""
    if kept := state.get("kept"):
        state = {**state, "kept": [wish for wish in kept if not words.have_part(wish["text"])]}
    lines = [
        {**line, "content": MARK} if _is_taken_up(line, words) else line
        for line in state.get("history") or ()
    ]
    return {**state, "history": lines} if lines else state


def _is_taken_up(line: Mapping[str, str], words: RedactedWords) -> bool:
    """Return whether a line of the contact is a wish of several words that was a part of the message."""
    text = line.get("content") or ""
    return line.get("role") == "user" and len(text.split()) > 1 and words.have_part(text)


def _has_fields(value: Any) -> bool:
    """Return whether a value is an object, or a list of them."""
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(each, dict) for each in value)
    )


def _letters_of(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())
