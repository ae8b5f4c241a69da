"""Reading one text out of a JSON object that is still being written."""

from __future__ import annotations

import json
import re

from flows.llm.model import TextCallback

_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[^u])")
_HIGH_SURROGATE = re.compile(r"\\u[dD][89abAB]")


class PartialJsonString:
    """Writes the value of `key` as it comes, once `only_after` (if any) has been seen."""

    def __init__(self, key: str, write: TextCallback, only_after: str = "") -> None:
        self._value_start = re.compile(rf'"{re.escape(key)}"\s*:\s*"')
        self._only_after = re.compile(only_after)
        self._write = write
        self._text = ""
        self._position = -1
        self._is_done = False

    def feed(self, piece: str) -> None:
        """The next piece of the JSON."""
        self._text += piece
        if self._is_done:
            return
        if self._position < 0:
            begin = self._value_start.search(self._text)
            if begin is None or not self._only_after.search(self._text, 0, begin.start()):
                return
            self._position = begin.end()
        raw = self._take_complete_characters()
        if raw:
            try:
                self._write(json.loads(f'"{raw}"', strict=False))
            except ValueError:
                self._is_done = True

    def _take_complete_characters(self) -> str:
        """What can be read by now: no half escape, no half pair of surrogates."""
        start = end = self._position
        while end < len(self._text):
            letter = self._text[end]
            if letter == '"':
                self._is_done = True
                break
            if letter != "\\":
                end += 1
                continue
            escape = _ESCAPE.match(self._text, end)
            if escape is None:
                break
            if _HIGH_SURROGATE.match(escape[0]):
                second = _ESCAPE.match(self._text, escape.end())
                if second is None and len(self._text) - escape.end() < 6:
                    break
                end = second.end() if second else escape.end()
                continue
            end = escape.end()
        self._position = end
        return self._text[start:end]
