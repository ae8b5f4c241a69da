"""Hearing at once of what happened to a session, from whichever process it happened in."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis.asyncio import Redis

from gateway.redis.connection.retry_loop import repeat

_LONGEST_SIZE = 9


def hint(session: str, note: bytes = b"") -> bytes:
    """What names a session, as the scripts write it too: two lengths, the name, a note about it.

    Clients choose parts of a session's name, so nothing in it may look like a note. A message may hold
    several.
    """
    name = session.encode()
    return b"%d %d %b%b" % (len(name), len(note), name, note)


def _read(message: bytes) -> Iterator[tuple[str, bytes]]:
    """The sessions that a message names, each with its note; what is not of this form is passed over."""
    while message:
        first, _, rest = message.partition(b" ")
        second, _, rest = rest.partition(b" ")
        if not all(size.isdigit() and len(size) <= _LONGEST_SIZE for size in (first, second)):
            return
        end = int(first) + int(second)
        yield rest[: int(first)].decode(errors="replace"), rest[int(first) : end]
        message = rest[end:]


class Hint(asyncio.Event):
    """Set when the session is named; `take` gives what was said with its name, and waits anew."""

    def __init__(self) -> None:
        super().__init__()
        self._notes: list[bytes] = []

    def take(self) -> list[bytes]:
        """What was said since the last time, in order; nothing when the session was only named."""
        notes, self._notes = self._notes, []
        self.clear()
        return notes

    def hear(self, note: bytes) -> None:
        """The session is named."""
        if note:
            self._notes.append(note)
        self.set()


class Hints:
    """Hands on the sessions that are published on a channel. Who misses one looks again by itself."""

    def __init__(self, redis: Redis, channel: str) -> None:
        self._redis = redis
        self._channel = channel
        self._waiting: defaultdict[str, set[Hint]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None
        self.listening = asyncio.Event()

    @contextmanager
    def of(self, session: str) -> Iterator[Hint]:
        """A hint that is set when the session is named within the block."""
        if self._listening is None:
            self._listening = asyncio.create_task(repeat(self._listen, 0.1, f"listening to {self._channel}"))
        made = Hint()
        self._waiting[session].add(made)
        try:
            yield made
        finally:
            self._waiting[session].discard(made)
            if not self._waiting[session]:
                del self._waiting[session]

    async def aclose(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
            self._listening = None

    async def _listen(self) -> None:
        """Listen until cancelled, which redis-py may swallow while it waits; so the task is asked."""
        task = asyncio.current_task()
        assert task is not None, "repeat runs in a task"
        try:
            async with self._redis.pubsub() as hearing:
                await hearing.subscribe(self._channel)
                while not task.cancelling():
                    heard = await hearing.get_message(timeout=None)
                    if heard is None or heard["type"] != "message":
                        self.listening.set()
                        continue
                    for session, note in _read(heard["data"]):
                        for each in self._waiting.get(session, ()):
                            each.hear(note)
        finally:
            self.listening.clear()
