"""Fields of every log line of a piece of work: session, message, account.

They are set once, where the work starts; the log's formatter adds them to each line and replaces the
session's name by a pseudonym, because it may be a phone number (guarantee L12).
"""

from __future__ import annotations

import re
import traceback
from base64 import b64decode
from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

HIDDEN_START: Final = "wamid.…"
"""Replacement of the beginning of a WhatsApp message's ID, which contains the contact's number."""

_WHATSAPP_ID: Final = re.compile(r"wamid\.([A-Za-z0-9+/_-]{8,600}={0,2})")
_NUMBER: Final = re.compile(rb"[0-9]{7,17}")
_NO_FIELDS: Mapping[str, str] = MappingProxyType({})
_fields: ContextVar[Mapping[str, str]] = ContextVar("log_fields", default=_NO_FIELDS)


class log_fields:  # noqa: N801 - used like a function; every message enters it twice, so it is no generator
    """Context manager that adds fields to the log lines of its block, and of the tasks started in it."""

    __slots__ = ("_added", "_token")

    def __init__(self, **fields: str) -> None:
        self._added = fields

    def __enter__(self) -> None:
        self._token = _fields.set({**_fields.get(), **self._added})

    def __exit__(self, *_: object) -> None:
        _fields.reset(self._token)


def current_log_fields() -> Mapping[str, str]:
    """Return the fields of the present piece of work."""
    return _fields.get()


def log_extra(event: str, **fields: str) -> dict[str, object]:
    """Return the `extra` of a log call: the event's name, by which lines are found, and further fields."""
    return {"event_name": event, "event_fields": fields}


def error_location(error: Exception) -> str:
    """Return the raising line without the error's message, which may quote a user's text (guarantee L12)."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"


def hide_numbers(text: str) -> str:
    """Return a text without the numbers that IDs of WhatsApp messages contain in base64; their ends stay."""
    return _WHATSAPP_ID.sub(_hide_start, text) if "wamid." in text else text


def _hide_start(match: re.Match[str]) -> str:
    encoded = match[1].replace("-", "+").replace("_", "/").rstrip("=")
    raw = b64decode(encoded[: len(encoded) // 4 * 4])
    number = _NUMBER.search(raw)
    if number is None:
        return match[0]
    return HIDDEN_START + match[1][-(-number.end() // 3) * 4 :]
