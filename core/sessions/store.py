"""In-process session stores for embedding applications."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Self

from core.ports import HeldSession, State


@dataclass(slots=True)
class _TransientSession:
    state: State | None = None

    async def save(self, state: State | None) -> None:
        self.state = state


class NullSessionStore:
    """Stores nothing: every turn is a conversation's first."""

    @asynccontextmanager
    async def hold(self, session_id: str) -> AsyncIterator[HeldSession]:
        """Return a new session, whatever its id."""
        yield _TransientSession()


class InMemorySessionStore:
    """Keeps the latest `max_sessions` in this process, each for `seconds` after its last turn."""

    def __init__(self, max_sessions: int = 100_000, seconds: float = 30 * 86_400.0) -> None:
        self._states: OrderedDict[str, tuple[State, float]] = OrderedDict()
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._max_sessions = max_sessions
        self._ttl_seconds = seconds

    def __len__(self) -> int:
        return len(self._states)

    def hold(self, session_id: str) -> AbstractAsyncContextManager[HeldSession]:
        """Lock a session; others in this process wait."""
        return _InMemorySession(self, session_id)

    def state(self, session_id: str) -> State | None:
        """Return the stored state, unless it has expired."""
        state, until = self._states.get(session_id, (None, 0.0))
        return state if until > monotonic() else None

    async def lock(self, session_id: str) -> None:
        """Wait for a session's lock; the lock object exists only while it is in use."""
        lock, users = self._locks.get(session_id) or (asyncio.Lock(), 0)
        self._locks[session_id] = lock, users + 1
        try:
            await lock.acquire()
        except BaseException:  # a cancelled waiter must leave the queue, too
            self._release_lock(session_id)
            raise

    def unlock(self, session_id: str) -> None:
        """Release a session's lock."""
        self._locks[session_id][0].release()
        self._release_lock(session_id)

    def _release_lock(self, session_id: str) -> None:
        lock, users = self._locks.pop(session_id)
        if users > 1:
            self._locks[session_id] = lock, users - 1

    def store_state(self, session_id: str, state: State | None) -> None:
        """Replace the stored state; evicts expired sessions and the oldest beyond the limit."""
        self._states.pop(session_id, None)
        if state is not None:
            self._states[session_id] = state, monotonic() + self._ttl_seconds
        while self._states:
            _, until = next(iter(self._states.values()))
            if len(self._states) <= self._max_sessions and until > monotonic():
                return
            self._states.popitem(last=False)


@dataclass(slots=True)
class _InMemorySession:
    store: InMemorySessionStore
    session_id: str
    state: State | None = None

    async def __aenter__(self) -> Self:
        await self.store.lock(self.session_id)
        self.state = self.store.state(self.session_id)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.store.unlock(self.session_id)

    async def save(self, state: State | None) -> None:
        self.store.store_state(self.session_id, state)
