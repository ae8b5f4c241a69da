"""Web side of the session protocol."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from core.model import Event


class AcceptResult(StrEnum):
    """Result for one event of a request.

    `moved`: nothing was stored, because the contact's messages belong to another store.
    """

    NEW = "new"
    DUPLICATE = "duplicate"
    FULL = "full"
    STALE = "stale"
    EARLY = "early"
    COUNTED = "counted"
    UNKNOWN = "unknown"
    SILENCED = "silenced"
    MOVED = "moved"


class Inbox(Protocol):
    """Web side of the session protocol."""

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Record all events of one request and enqueue the jobs that they need (guarantees L2, L3, L8).

        Raises `StorageUnavailable` if nothing may be acknowledged, `MailboxFull` if a session is at its
        limit; events recorded before that are duplicates when the provider retries.
        """
        ...
