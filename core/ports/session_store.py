"""Port for stores that keep an embedding application's conversations between turns."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from core.ports.dialog import State


class HeldSession(Protocol):
    """A locked session: nobody else works on it until it is released."""

    state: State | None
    """State at the time of locking; `None` for a new session."""

    async def save(self, state: State | None) -> None:
        """Save the new state; `None` deletes the session. Raises `LeaseLost` if the lock was lost."""
        ...


class SessionStore(Protocol):
    """Store of session states. A custom store implements this one method."""

    def hold(self, session_id: str) -> AbstractAsyncContextManager[HeldSession]:
        """Lock a session, waiting for its holder. Raises `SessionBusy` after a bounded time."""
        ...
