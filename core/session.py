"""Conversations inside an application: one at a time each, kept in a store between turns."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from core.dialog import State

STREAM_SECONDS = 120.0
"""How long a stream that nobody reads may hold its session."""


class Held(Protocol):
    """A session that is held: nobody else works on it until it is let go."""

    state: State | None
    """As it was when the session was taken; `None` for a new one."""

    async def save(self, state: State | None) -> None:
        """Keep the new state; `None` forgets the session. Raises `LeaseLost` when it is held no more."""
        ...


class SessionStore(Protocol):
    """Where states are kept. What a store of your own must have: this one method."""

    def hold(self, session_id: str) -> AbstractAsyncContextManager[Held]:
        """Hold a session, waiting for whoever holds it. Raises `SessionBusy` after a bounded time."""
        ...


class Agent(Protocol):
    """One conversation at work, as a `DialogMachine` is."""

    state: State | None

    async def turn(self, text: Any, *, stream: Any = False) -> Any:
        """Answer one message; with `stream`, an async iterator of chunks."""
        ...


A = TypeVar("A", bound=Agent)


@dataclass(slots=True)
class _Kept:
    state: State | None = None

    async def save(self, state: State | None) -> None:
        self.state = state


class NullSessionStore:
    """Keeps nothing: every turn is a conversation's first."""

    @asynccontextmanager
    async def hold(self, session_id: str) -> AsyncIterator[Held]:
        """A new session, whatever its id."""
        yield _Kept()


class InMemorySessionStore:
    """Keeps the latest `max_sessions` in this process, each for `seconds` after its last turn."""

    def __init__(self, max_sessions: int = 100_000, seconds: float = 30 * 86_400.0) -> None:
        self._states: OrderedDict[str, tuple[State, float]] = OrderedDict()
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._most = max_sessions
        self._seconds = seconds

    def __len__(self) -> int:
        return len(self._states)

    @asynccontextmanager
    async def hold(self, session_id: str) -> AsyncIterator[Held]:
        """Hold a session; others in this process wait."""
        lock, users = self._locks.get(session_id, (asyncio.Lock(), 0))
        self._locks[session_id] = lock, users + 1
        try:
            async with lock:
                state, until = self._states.get(session_id, (None, 0.0))
                yield _InMemory(state if until > monotonic() else None, self, session_id)
        finally:
            lock, users = self._locks.pop(session_id)
            if users > 1:
                self._locks[session_id] = lock, users - 1

    def keep(self, session_id: str, state: State | None) -> None:
        """Put a state in the place of the one before; the oldest beyond the bound and the expired go."""
        self._states.pop(session_id, None)
        if state is not None:
            self._states[session_id] = state, monotonic() + self._seconds
        while self._states:
            _, until = next(iter(self._states.values()))
            if len(self._states) <= self._most and until > monotonic():
                return
            self._states.popitem(last=False)


@dataclass(slots=True)
class _InMemory:
    state: State | None
    store: InMemorySessionStore
    session_id: str

    async def save(self, state: State | None) -> None:
        self.store.keep(self.session_id, state)


@dataclass(slots=True)
class _Slot(Generic[A]):
    agent: A
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class SessionWorker(Generic[A]):
    """Serves many users: one agent for each active session, the same session strictly one turn after another.

    Up to `max_sessions` agents are kept for their next turn; the least recently used go first, never one that
    is in use. All that must last is in the store, so another process may take the next turn.
    """

    def __init__(
        self, agent_factory: Callable[[], A], store: SessionStore | None = None, max_sessions: int = 1_000
    ) -> None:
        """Without a store, sessions are kept in memory."""
        self._make = agent_factory
        self._store = InMemorySessionStore() if store is None else store
        self._slots: OrderedDict[str, _Slot[A]] = OrderedDict()
        self._most = max_sessions

    def __len__(self) -> int:
        """How many agents there are now."""
        return len(self._slots)

    @asynccontextmanager
    async def acquire(self, session_id: str) -> AsyncIterator[SessionHandle[A]]:
        """Hold a session for the block; a stream that was begun in it holds it until it has ended."""
        async with AsyncExitStack() as holding:
            slot = self._enter(session_id)
            holding.callback(self._leave, slot)
            await holding.enter_async_context(slot.lock)
            held = await holding.enter_async_context(self._store.hold(session_id))
            slot.agent.state = held.state
            handle = SessionHandle(slot.agent, held)
            yield handle
            if handle.stream is not None and not handle.stream.is_ended:
                handle.stream.keep(holding.pop_all())

    def _enter(self, session_id: str) -> _Slot[A]:
        slot = self._slots.get(session_id)
        if slot is None:
            slot = self._slots[session_id] = _Slot(self._make())
        slot.users += 1
        self._slots.move_to_end(session_id)
        return slot

    def _leave(self, slot: _Slot[A]) -> None:
        slot.users -= 1
        surplus = len(self._slots) - self._most
        if surplus > 0:
            idle = (name for name, each in self._slots.items() if not each.users)
            for name in [name for name, _ in zip(idle, range(surplus), strict=False)]:
                del self._slots[name]


class SessionHandle(Generic[A]):
    """A held session. Its state is saved before a turn's result is handed out."""

    def __init__(self, agent: A, held: Held) -> None:
        self.agent = agent
        self.stream: HeldStream | None = None
        self._held = held

    async def turn(self, text: Any, *, stream: bool = False) -> Any:
        """Answer one message, as the agent does. A turn that fails or is cancelled leaves the old state."""
        if stream:
            self.stream = HeldStream(await self.agent.turn(text, stream=True), self._save)
            return self.stream
        try:
            result = await self.agent.turn(text)
            await self._save()
        except BaseException:
            self.agent.state = self._held.state
            raise
        return result

    async def reset(self) -> None:
        """Forget the conversation."""
        await self._held.save(None)
        self._held.state = self.agent.state = None

    async def _save(self) -> None:
        await self._held.save(self.agent.state)
        self._held.state = self.agent.state


class HeldStream:
    """A turn's chunks. The session is let go once they have all been read, and saved before that."""

    def __init__(self, chunks: Any, save: Callable[[], Any]) -> None:
        self._chunks = chunks
        self._save = save
        self._holding: AsyncExitStack | None = None
        self._patience: asyncio.TimerHandle | None = None
        self.is_ended = False

    def keep(self, holding: AsyncExitStack) -> None:
        """Hold the session beyond its block, for a bounded time if nobody reads."""
        self._holding = holding
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(STREAM_SECONDS, lambda: asyncio.ensure_future(self._end()))

    @property
    def result(self) -> Any:
        """The whole turn, once all has been read."""
        return self._chunks.result

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            async for chunk in self._chunks:
                yield chunk
            await self._save()
        finally:
            await self._end()

    async def _end(self) -> None:
        self.is_ended = True
        if self._patience is not None:
            self._patience.cancel()
        if self._holding is not None:
            holding, self._holding = self._holding, None
            await holding.aclose()
