"""Conversations inside an embedding application: the session worker and its in-memory stores."""

from __future__ import annotations

from core.sessions.store import InMemorySessionStore, NullSessionStore
from core.sessions.worker import SessionHandle, SessionWorker

__all__ = [
    "InMemorySessionStore",
    "NullSessionStore",
    "SessionHandle",
    "SessionWorker",
]
