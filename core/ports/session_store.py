"""The port for stores that keep conversations of an embedding application between turns."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from core.ports.dialog import State


class HeldSession(Protocol):
    """A session that is held: nobody else works on it until it is let go."""

    state: State | None
    """As it was when the session was taken; `None` for a new one."""

    async def save(self, state: State | None) -> None:
        """Keep the new state; `None` forgets the session. Raises `LeaseLost` when it is held no more."""
        ...


class SessionStore(Protocol):
    """Where states are kept. What a store of your own must have: this one method."""

    def hold(self, session_id: str) -> AbstractAsyncContextManager[HeldSession]:
        """Hold a session, waiting for whoever holds it. Raises `SessionBusy` after a bounded time."""
        ...
