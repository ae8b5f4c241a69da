"""Hearing at once of what happened to a session, from whichever process it happened in."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis.asyncio import Redis

from gateway.redis.repeat import repeat

_LISTEN_SECONDS = 1.0


class Hints:
    """Hands on the sessions that are published on a channel. Who misses one looks again by itself."""

    def __init__(self, redis: Redis, channel: str) -> None:
        self._redis = redis
        self._channel = channel
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None

    @contextmanager
    def of(self, session: str) -> Iterator[asyncio.Event]:
        """An event that is set when the session is named within the block."""
        if self._listening is None:
            self._listening = asyncio.create_task(repeat(self._listen, 0.1, f"listening to {self._channel}"))
        named = asyncio.Event()
        self._waiting[session].add(named)
        try:
            yield named
        finally:
            self._waiting[session].discard(named)
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
        async with self._redis.pubsub() as hearing:
            await hearing.subscribe(self._channel)
            while not task.cancelling():
                heard = await hearing.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_SECONDS)
                if heard is not None:
                    for named in self._waiting.get(heard["data"].decode(), ()):
                        named.set()
