"""Text from strangers, made safe to store, to show and to compare."""

from __future__ import annotations

import re
import unicodedata

_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONG_NUMBER = re.compile(r"\+?\d{6,}")
_LOOKALIKE_REPLACEMENTS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "\u200b": "",
        "\ufeff": "",
    }
)


def sanitize(text: str, limit: int) -> str:
    """Text that survives UTF-8 and JSON: no lone surrogates, no control characters but newline and tab."""
    text = text[:limit].replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", _CONTROL_CHARACTERS.sub("", text))


def normalize_for_comparison(text: str) -> str:
    """A form in which a text and what a provider made of it (quotes, dashes, spaces) are equal."""
    return " ".join(unicodedata.normalize("NFKC", text.translate(_LOOKALIKE_REPLACEMENTS)).split())


def redact_phone_numbers(text: str, limit: int = 300) -> str:
    """A provider's message for the operator, without the phone numbers in it (law L12)."""
    return _LONG_NUMBER.sub("…", sanitize(text, limit))
