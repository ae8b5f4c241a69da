"""Fields of every log line of a piece of work: session, message, account.

Whoever starts the work sets them once; the log's formatter adds them to each line and hides the session's
name behind a pseudonym, because it may be a phone number (guarantee L12).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NO_FIELDS: Mapping[str, str] = MappingProxyType({})
_fields: ContextVar[Mapping[str, str]] = ContextVar("log_fields", default=_NO_FIELDS)


@contextmanager
def log_fields(**fields: str) -> Iterator[None]:
    """Add fields to the log lines of the block, and of the tasks that are started in it."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


def current_log_fields() -> Mapping[str, str]:
    """Return the fields of the present piece of work."""
    return _fields.get()


def about(event: str, **fields: str) -> dict[str, str]:
    """Return the `extra` of a log call: the event's name, by which lines are found, and further fields."""
    return {"event_name": event, **fields}
