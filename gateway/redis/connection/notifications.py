"""Hearing at once of what happened to a session, from whichever process it happened in."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis.asyncio import Redis

from gateway.redis.connection.retry_loop import run_forever

_MAX_LENGTH_DIGITS = 9


def encode_notification(session: str, note: bytes = b"") -> bytes:
    """What names a session, as the scripts write it too: two lengths, the name, a note about it.

    Clients choose parts of a session's name, so nothing in it may look like a note. A message may hold
    several.
    """
    name = session.encode()
    return b"%d %d %b%b" % (len(name), len(note), name, note)


def _decode_notifications(message: bytes) -> Iterator[tuple[str, bytes]]:
    """The sessions that a message names, each with its note; what is not of this form is passed over."""
    while message:
        first, _, rest = message.partition(b" ")
        second, _, rest = rest.partition(b" ")
        if not all(size.isdigit() and len(size) <= _MAX_LENGTH_DIGITS for size in (first, second)):
            return
        end = int(first) + int(second)
        yield rest[: int(first)].decode(errors="replace"), rest[int(first) : end]
        message = rest[end:]


class Subscription(asyncio.Event):
    """Set when the session is named; `take` gives what was said with its name, and waits anew."""

    def __init__(self) -> None:
        super().__init__()
        self._notes: list[bytes] = []

    def pop_notes(self) -> list[bytes]:
        """What was said since the last time, in order; nothing when the session was only named."""
        notes, self._notes = self._notes, []
        self.clear()
        return notes

    def notify(self, note: bytes) -> None:
        """The session is named."""
        if note:
            self._notes.append(note)
        self.set()


class SessionNotifications:
    """Hands on the sessions that are published on a channel. Who misses one looks again by itself."""

    def __init__(self, redis: Redis, channel: str) -> None:
        self._redis = redis
        self._channel = channel
        self._subscriptions: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._listen_task: asyncio.Task[None] | None = None
        self.subscribed = asyncio.Event()

    @contextmanager
    def subscribe(self, session: str) -> Iterator[Subscription]:
        """A hint that is set when the session is named within the block."""
        if self._listen_task is None:
            self._listen_task = asyncio.create_task(
                run_forever(self._listen, 0.1, f"listening to {self._channel}")
            )
        made = Subscription()
        self._subscriptions[session].add(made)
        try:
            yield made
        finally:
            self._subscriptions[session].discard(made)
            if not self._subscriptions[session]:
                del self._subscriptions[session]

    async def aclose(self) -> None:
        """Stop listening."""
        if self._listen_task is not None:
            self._listen_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._listen_task
            self._listen_task = None

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
                        self.subscribed.set()
                        continue
                    for session, note in _decode_notifications(heard["data"]):
                        for each in self._subscriptions.get(session, ()):
                            each.notify(note)
        finally:
            self.subscribed.clear()
