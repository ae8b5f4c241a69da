"""Hearing at once of what happened to a session, from whichever process it happened in."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis.asyncio import Redis

from gateway.redis.repeat import repeat


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
    """Hands on the sessions that are published on a channel. Who misses one looks again by itself.

    A message is a session's name and, behind a line feed, a note for who waits.
    """

    def __init__(self, redis: Redis, channel: str) -> None:
        self._redis = redis
        self._channel = channel
        self._waiting: defaultdict[str, set[Hint]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None
        self.is_listening = False

    @contextmanager
    def of(self, session: str) -> Iterator[Hint]:
        """A hint that is set when the session is named within the block."""
        if self._listening is None:
            self._listening = asyncio.create_task(repeat(self._listen, 0.1, f"listening to {self._channel}"))
        hint = Hint()
        self._waiting[session].add(hint)
        try:
            yield hint
        finally:
            self._waiting[session].discard(hint)
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
                        self.is_listening = heard is not None
                        continue
                    session, _, note = heard["data"].partition(b"\n")
                    for hint in self._waiting.get(session.decode(), ()):
                        hint.hear(note)
        finally:
            self.is_listening = False
