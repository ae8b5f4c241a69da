"""One message as the log and the mailbox have it: its texts, and the IDs of its entries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic_core import from_json

_MIN_SHARED_LENGTH: Final = 4
"""Shortest value of a place, a contact or an order that is looked for, such as "2" pieces."""


def _leaves_of(value: object) -> Iterator[str]:
    """Yield the values inside decoded JSON as texts."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _leaves_of(each)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


class StoredMessage:
    """A message put together from its records; `is_waiting` while it is in the mailbox."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.entries: list[str] = []
        self.has_files = self.is_waiting = False

    @property
    def is_stored(self) -> bool:
        """Return whether anything of the message was found."""
        return bool(self.entries) or self.is_waiting

    def add(self, fields: dict[str, Any]) -> None:
        """Add a record of the message."""
        self.texts += [str(fields[name]) for name in ("text", "body", "payload") if fields.get(name)]
        form = fields.get("form")
        if isinstance(form, str):  # of the log
            form = from_json(form)
        self.texts += [text for text in _leaves_of(form) if text]
        shared = [fields.get(name) for name in ("place", "location", "contacts", "order")]
        words = [line for text in _leaves_of(shared) for line in text.split("\n")]
        self.texts += [text for text in words if len(text) >= _MIN_SHARED_LENGTH]
        self.has_files = self.has_files or bool(fields.get("files") or fields.get("attachments"))
