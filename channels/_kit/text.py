"""Sanitising of untrusted text for storage, display and comparison."""

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
        "\u2060": "",
        "\ufeff": "",
    }
)


def sanitize(text: str, limit: int) -> str:
    """Remove what breaks UTF-8 or JSON: lone surrogates, and control characters but newline and tab."""
    if len(text) <= limit and text.isprintable():  # neither is printable
        return text
    text = text[:limit].replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", _CONTROL_CHARACTERS.sub("", text))


def normalize_for_comparison(text: str) -> str:
    """Return a form in which a text and the provider's version of it (quotes, dashes, spaces) are equal."""
    return " ".join(unicodedata.normalize("NFKC", text.translate(_LOOKALIKE_REPLACEMENTS)).split())


def join_subject(subject: str, text: str) -> str:
    """Return an e-mail's subject and text; the subject is often derived from the text."""
    start = normalize_for_comparison(subject).rstrip("….").rstrip()
    return text if normalize_for_comparison(text).startswith(start) else f"{subject}\n\n{text}".strip()


def redact_phone_numbers(text: str, limit: int = 300) -> str:
    """Return a provider's error text without its phone numbers (guarantee L12)."""
    return _LONG_NUMBER.sub("…", sanitize(text, limit))
