"""Sessions inside an application: one turn at a time each, stored between turns."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from core.ports import HeldSession, SessionStore, State
from core.sessions.store import InMemorySessionStore

MAX_UNREAD_STREAM_SECONDS = 120.0
"""Seconds after which an unread stream releases its session."""


class Agent(Protocol):
    """A running conversation, such as a `DialogMachine`."""

    state: State | None

    async def turn(self, text: Any, context: Any = None, stream: Any = False) -> Any:  # noqa: FBT002 - public signature
        """Answer one message; with `stream`, return an async iterator of chunks."""
        ...

    def assist(self, note: str) -> None:
        """Add a note for the model that the user does not see."""
        ...


A = TypeVar("A", bound=Agent)


@dataclass(slots=True)
class _Slot(Generic[A]):
    agent: A
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class SessionWorker(Generic[A]):
    """Serves many users: one agent per active session, each session strictly one turn at a time.

    Up to `max_sessions` agents are cached for their next turn; the least recently used are evicted first,
    never one in use. All durable state is in the store, so another process may take the next turn.
    """

    def __init__(
        self, agent_factory: Callable[[], A], store: SessionStore | None = None, max_sessions: int = 1_000
    ) -> None:
        """Create a worker; without a store, sessions are kept in memory."""
        self._agent_factory = agent_factory
        self._store = InMemorySessionStore() if store is None else store
        self._slots: OrderedDict[str, _Slot[A]] = OrderedDict()
        self._max_sessions = max_sessions

    def __len__(self) -> int:
        """Return the number of cached agents."""
        return len(self._slots)

    def acquire(self, session_id: str) -> AbstractAsyncContextManager[SessionHandle[A]]:
        """Lock a session for the block; a stream started in it keeps the lock until it has ended."""
        return _AcquiredSession(self, session_id)

    def _acquire_slot(self, session_id: str) -> _Slot[A]:
        slot = self._slots.get(session_id)
        if slot is None:
            slot = self._slots[session_id] = _Slot(self._agent_factory())
        slot.users += 1
        self._slots.move_to_end(session_id)
        return slot

    def _release_slot(self, slot: _Slot[A]) -> None:
        slot.users -= 1
        surplus = len(self._slots) - self._max_sessions
        if surplus > 0:
            idle = (name for name, each in self._slots.items() if not each.users)
            for name in [name for name, _ in zip(idle, range(surplus), strict=False)]:
                del self._slots[name]


class _AcquiredSession(Generic[A]):
    """Context manager for an agent and its locked session; written by hand because every turn enters it."""

    def __init__(self, worker: SessionWorker[A], session_id: str) -> None:
        self._worker = worker
        self._session_id = session_id

    async def __aenter__(self) -> SessionHandle[A]:
        # Yield to the event loop once: sessions that arrived while others were answered are served in this
        # round rather than in the next, which halves the longest waits.
        await asyncio.sleep(0)
        self._slot = slot = self._worker._acquire_slot(self._session_id)
        try:
            await slot.lock.acquire()
        except BaseException:  # cancellation too must release the slot
            self._worker._release_slot(slot)
            raise
        try:
            self._store_context = self._worker._store.hold(self._session_id)
            held = await self._store_context.__aenter__()
        except BaseException:  # cancellation too must release the slot
            self._release_slot()
            raise
        slot.agent.state = held.state
        self._handle = SessionHandle(slot.agent, held)
        return self._handle

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stream = self._handle.stream
        if error is None and stream is not None and not stream.is_ended:
            stream.extend_hold(self._finish)
        else:
            await self._finish(kind, error, trace)

    async def _finish(self, *raised: Any) -> None:
        try:
            if self._handle.has_unsaved_note and not any(raised):
                await self._handle.save()
            await self._store_context.__aexit__(*(raised or (None, None, None)))
        finally:
            self._release_slot()

    def _release_slot(self) -> None:
        self._slot.lock.release()
        self._worker._release_slot(self._slot)


class SessionHandle(Generic[A]):
    """A locked session. Its state is saved before a turn's result is returned."""

    def __init__(self, agent: A, held: HeldSession) -> None:
        self.agent = agent
        self.stream: SessionStream | None = None
        self.has_unsaved_note = False
        self._held_session = held

    @property
    def state(self) -> State | None:
        """Current state of the conversation."""
        return self.agent.state

    async def turn(self, text: Any, context: Any = None, stream: bool = False) -> Any:  # noqa: FBT001, FBT002 - as above
        """Answer one message, as the agent does. A failed or cancelled turn leaves the old state."""
        # an agent without a `context` parameter gets none
        arguments: dict[str, Any] = {} if context is None else {"context": context}
        if stream:
            self.stream = SessionStream(await self.agent.turn(text, stream=True, **arguments), self.save)
            return self.stream
        try:
            result = await self.agent.turn(text, **arguments)
            await self.save()
        except BaseException:  # cancellation too must release the slot
            self.agent.state = self._held_session.state
            raise
        return result

    def assist(self, note: str) -> None:
        """Add a note for the model that the user does not see; saved with the next turn or at block end."""
        self.agent.assist(note)
        self.has_unsaved_note = True

    async def reset(self) -> None:
        """Delete the conversation."""
        self.has_unsaved_note = False
        await self._held_session.save(None)
        self._held_session.state = self.agent.state = None

    async def save(self) -> None:
        """Save the agent's state."""
        state = self.agent.state
        await self._held_session.save(state)
        self._held_session.state = state
        self.has_unsaved_note = False


class SessionStream:
    """Chunks of a turn. The session is saved and released once all have been read."""

    def __init__(self, chunks: Any, save: Callable[[], Any]) -> None:
        self._chunks = chunks
        self._save = save
        self._release: Callable[[], Awaitable[None]] | None = None
        self._read_timeout: asyncio.TimerHandle | None = None
        self.is_ended = False

    def extend_hold(self, release: Callable[[], Awaitable[None]]) -> None:
        """Keep the session locked beyond its block, for a bounded time if nobody reads."""
        self._release = release
        loop = asyncio.get_running_loop()
        self._read_timeout = loop.call_later(
            MAX_UNREAD_STREAM_SECONDS, lambda: asyncio.ensure_future(self._finish())
        )

    @property
    def result(self) -> Any:
        """Return the complete turn, once all chunks have been read."""
        return self._chunks.result

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            async for chunk in self._chunks:
                yield chunk
            await self._save()
        finally:
            await self._finish()

    async def _finish(self) -> None:
        self.is_ended = True
        if self._read_timeout is not None:
            self._read_timeout.cancel()
        if self._release is not None:
            release, self._release = self._release, None
            await release()
