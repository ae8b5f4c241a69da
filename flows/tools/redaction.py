"""Redacts secrets from responses, including URL-, base64- and JSON-encoded forms."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote, unquote, unquote_plus

REDACTED: Final = "•••"

_MAX_DEPTH: Final = 12
_MAX_DECODINGS: Final = 12
_MIN_WORD_LENGTH, _MIN_SUBSTRING_LENGTH = 3, 6
"""Minimum length of a secret to be redacted as a word of a text, and inside of words."""

_PERCENT_ESCAPE: Final = re.compile("%[0-9A-F]{2}")
_BACKSLASH_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_ESCAPE_CHARACTERS: Final = {"n": "\n", "r": "\r", "t": "\t"}


def redact(value: Any, secrets: Iterable[str]) -> Any:
    """Return a JSON value with the secrets redacted in its texts, keys and numbers."""
    readings = _decode_variants("\n".join(_iter_texts(value)))
    matching = [each for each in map(_SecretRedactor, set(secrets)) if each.occurs_in(readings)]
    return _redact_value(value, sorted(matching, key=lambda each: -len(each.text))) if matching else value


class _SecretRedactor:
    """A secret in all forms in which it may come back."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._is_long = len(text) >= _MIN_SUBSTRING_LENGTH
        self._base64_forms = tuple(_encode_base64_variants(text)) if self._is_long else ()

    def occurs_in(self, readings: Iterable[str]) -> bool:
        """Return whether one of the decoded variants of a text contains the secret, plain or in base64."""
        forms = (self.text, *self._base64_forms)
        return bool(self.text) and any(form in reading for reading in readings for form in forms)

    def redact_text(self, text: str) -> str:
        """Return the text with the secret replaced."""
        if text == self.text:
            return REDACTED
        if not self._is_long:
            return self._word_pattern.sub(REDACTED, text) if len(self.text) >= _MIN_WORD_LENGTH else text
        for form in self._encoded_forms:
            text = text.replace(form, REDACTED)
        # encoded in an unknown way: the text is redacted completely
        return REDACTED if self.occurs_in(_decode_variants(text)) else text

    @cached_property
    def _encoded_forms(self) -> tuple[str, ...]:
        return (*_encode_variants(self.text), *self._base64_forms)

    @cached_property
    def _word_pattern(self) -> re.Pattern[str]:
        left, right = (r"\b" if letter.isalnum() else "" for letter in (self.text[0], self.text[-1]))
        return re.compile(f"{left}{re.escape(self.text)}{right}")


def _redact_value(value: Any, secrets: list[_SecretRedactor], depth: int = _MAX_DEPTH) -> Any:
    if depth == 0:
        return None
    if isinstance(value, dict):
        return {
            _redact_value(str(k), secrets, 1): _redact_value(v, secrets, depth - 1) for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redact_value(item, secrets, depth - 1) for item in value]
    if isinstance(value, bool | None):
        return value
    if not isinstance(value, str):
        return REDACTED if any(str(value) == secret.text for secret in secrets) else value
    readings = _decode_variants(value)
    for secret in secrets:
        if secret.occurs_in(readings):
            value = secret.redact_text(value)
    return value


def _iter_texts(value: Any, depth: int = _MAX_DEPTH) -> Iterator[str]:
    if depth == 0:
        return
    if isinstance(value, dict):
        yield from map(str, value)
        value = value.values()
    elif not isinstance(value, list | tuple):
        yield str(value)
        return
    for item in value:
        yield from _iter_texts(item, depth - 1)


def _decode_variants(text: str) -> list[str]:
    """Return the text and what remains after one and after two encodings are removed."""
    variants = [text]
    for reading in variants:
        for sign, decode in _DECODERS:
            if (
                sign in reading
                and len(variants) < _MAX_DECODINGS
                and (decoded := decode(reading)) not in variants
            ):
                variants.append(decoded)
    return variants


def _unescape(text: str) -> str:
    return _BACKSLASH_ESCAPE.sub(_decode_escape, text)


def _decode_escape(match: re.Match[str]) -> str:
    code, letter = match.groups()
    return chr(int(code, 16)) if code else _ESCAPE_CHARACTERS.get(letter, letter)


_DECODERS: Final = (("%", unquote), ("+", unquote_plus), ("&", html.unescape), ("\\", _unescape))


def _encode_variants(text: str) -> list[str]:
    """Return the common encodings of the secret, longest first."""
    percent = [quote(text, safe="", errors="replace"), quote(text, errors="replace")]
    percent += [form.replace("%20", "+") for form in percent]
    in_json = [json.dumps(text, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)]
    marked_up = [html.escape(text, quote=is_quoted) for is_quoted in (True, False)]
    forms = [
        text,
        *percent,
        *(_PERCENT_ESCAPE.sub(lambda match: match[0].lower(), form) for form in percent),
        *in_json,
        *(form.replace("/", "\\/") for form in in_json),
        *marked_up,
        *(form.replace("&#x27;", "&#39;").replace("&quot;", "&#34;") for form in marked_up),
    ]
    return sorted(set(forms), key=len, reverse=True)


def _encode_base64_variants(text: str) -> Iterator[str]:
    """Return the base64 characters that do not depend on what precedes and follows the secret."""
    for before, start in ((0, 0), (1, 2), (2, 3)):
        plain = b"\0" * before + text.encode("utf-8", "replace")
        encoded = b64encode(plain).decode().rstrip("=")[start:]
        form = encoded[:-1] if len(plain) % 3 else encoded
        yield from {form, form.replace("+", "-").replace("/", "_")}
