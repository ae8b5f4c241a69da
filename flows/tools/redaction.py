"""Keeping secrets out of what other systems answer, also where they come back encoded."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote, unquote, unquote_plus

HIDDEN: Final = "•••"

_DEEPEST: Final = 12
_MOST_READINGS: Final = 12
_ONE_WORD, _ANYWHERE = 3, 6
"""From how many letters on a secret is hidden as a word of a text, and within a word."""

_HEX: Final = re.compile("%[0-9A-F]{2}")
_ESCAPED: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_LETTERS: Final = {"n": "\n", "r": "\r", "t": "\t"}


def without_secrets(value: Any, secrets: Iterable[str]) -> Any:
    """A JSON value without the secrets: in its texts, its names and its numbers."""
    readings = _readings("\n".join(_texts(value)))
    found = [each for each in map(_Secret, set(secrets)) if each.is_in(readings)]
    return _cleaned(value, sorted(found, key=lambda each: -len(each.text))) if found else value


class _Secret:
    """A secret in all the forms in which it may come back."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._is_long = len(text) >= _ANYWHERE
        self._in_base64 = tuple(_in_base64(text)) if self._is_long else ()

    def is_in(self, readings: Iterable[str]) -> bool:
        """Whether one of these readings of a text holds it, plain or in base64."""
        forms = (self.text, *self._in_base64)
        return bool(self.text) and any(form in reading for reading in readings for form in forms)

    def hidden_in(self, text: str) -> str:
        """The text without it."""
        if text == self.text:
            return HIDDEN
        if not self._is_long:
            return self._word.sub(HIDDEN, text) if len(self.text) >= _ONE_WORD else text
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        # encoded in a way that was not thought of: nothing of it is shown
        return HIDDEN if self.is_in(_readings(text)) else text

    @cached_property
    def _forms(self) -> tuple[str, ...]:
        return (*_written(self.text), *self._in_base64)

    @cached_property
    def _word(self) -> re.Pattern[str]:
        left, right = (r"\b" if letter.isalnum() else "" for letter in (self.text[0], self.text[-1]))
        return re.compile(f"{left}{re.escape(self.text)}{right}")


def _cleaned(value: Any, secrets: list[_Secret], depth: int = _DEEPEST) -> Any:
    if depth == 0:
        return None
    if isinstance(value, dict):
        return {_cleaned(str(k), secrets, 1): _cleaned(v, secrets, depth - 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item, secrets, depth - 1) for item in value]
    if isinstance(value, bool | None):
        return value
    if not isinstance(value, str):
        return HIDDEN if any(str(value) == secret.text for secret in secrets) else value
    readings = _readings(value)
    for secret in secrets:
        if secret.is_in(readings):
            value = secret.hidden_in(value)
    return value


def _texts(value: Any, depth: int = _DEEPEST) -> Iterator[str]:
    if depth == 0:
        return
    if isinstance(value, dict):
        yield from map(str, value)
        value = value.values()
    elif not isinstance(value, list | tuple):
        yield str(value)
        return
    for item in value:
        yield from _texts(item, depth - 1)


def _readings(text: str) -> list[str]:
    """The text and what it says once an encoding is taken off it, and another one off that."""
    made = [text]
    for reading in made:
        for sign, read in _DECODINGS:
            if sign in reading and len(made) < _MOST_READINGS and (other := read(reading)) not in made:
                made.append(other)
    return made


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(_letter, text)


def _letter(found: re.Match[str]) -> str:
    code, letter = found.groups()
    return chr(int(code, 16)) if code else _LETTERS.get(letter, letter)


_DECODINGS: Final = (("%", unquote), ("+", unquote_plus), ("&", html.unescape), ("\\", _unescaped))


def _written(text: str) -> list[str]:
    """The ways in which it is usually written, the longest first."""
    percent = [quote(text, safe="", errors="replace"), quote(text, errors="replace")]
    percent += [form.replace("%20", "+") for form in percent]
    in_json = [json.dumps(text, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)]
    marked_up = [html.escape(text, quote=is_quoted) for is_quoted in (True, False)]
    forms = [
        text,
        *percent,
        *(_HEX.sub(lambda found: found[0].lower(), form) for form in percent),
        *in_json,
        *(form.replace("/", "\\/") for form in in_json),
        *marked_up,
        *(form.replace("&#x27;", "&#39;").replace("&quot;", "&#34;") for form in marked_up),
    ]
    return sorted(set(forms), key=len, reverse=True)


def _in_base64(text: str) -> Iterator[str]:
    """The letters that are the same whatever stands before and after it."""
    for before, start in ((0, 0), (1, 2), (2, 3)):
        plain = b"\0" * before + text.encode("utf-8", "replace")
        made = b64encode(plain).decode().rstrip("=")[start:]
        form = made[:-1] if len(plain) % 3 else made
        yield from {form, form.replace("+", "-").replace("/", "_")}
