"""Redaction of log lines: no numbers, addresses, secrets or session names (guarantee L12)."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable

from core.log_context import hide_numbers

# All in linear time, also for a long word: a line of the log may quote what others sent.
_NUMBER = re.compile(r"\+\d[\d ().-]{5,17}\d|(?<![\w:/.#-])\d{9,17}(?![\w.:-])")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+")
_CREDENTIALS = re.compile(r"(?i)\b(bearer|basic|token|apikey|api_key|password|secret)([ =:]+)[^\s,;'\"]{4,}")
_USER_INFO = re.compile(r"://[^/\s@]+@")
_QUERY = re.compile(r"(https?://[^\s?#'\"]++)([?#][^\s'\"]+)?")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_MIN_SECRET_LENGTH = 8


class Redactor:
    """Removes secrets and personal data from log texts. `known` are the configured secrets."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        parts = {part.strip() for value in known for part in value.split(",")}
        longest_first = sorted(
            (part for part in parts if len(part) >= _MIN_SECRET_LENGTH), key=len, reverse=True
        )
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self.salt = secrets.token_bytes(32)

    def redact(self, text: str) -> str:
        """Return the text without secrets, credentials, e-mail addresses and phone numbers.

        Line breaks are indented and control characters replaced, so that text from other systems can neither
        begin a log line nor control a terminal.
        """
        text = hide_numbers(_CONTROL.sub("?", text).replace("\n", "\n    "))
        if self._known:
            text = self._known.sub("[secret]", text)
        text = _USER_INFO.sub("://[secret]@", text)
        text = _QUERY.sub(lambda url: f"{url[1]}?[…]" if url[2] else url[1], text)
        text = _CREDENTIALS.sub(r"\1\2[secret]", text)
        return _NUMBER.sub("[number]", _EMAIL.sub("[address]", text))

    def pseudonym(self, session: str) -> str:
        """Return the pseudonym of a session; with the audit log's salt, the same as there."""
        return f"#{hmac.new(self.salt, session.encode(), 'sha256').hexdigest()[:16]}"
