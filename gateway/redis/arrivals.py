"""Hearing at once of messages that arrive while a session is worked on."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis.asyncio import Redis

from gateway.redis.repeat import repeat

_CHANNEL = "tg:arrived"
_LISTEN_SECONDS = 1.0


class Arrivals:
    """Hands on what accept.lua publishes. A hint: who misses it answers the message as the next turn."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None

    @contextmanager
    def of(self, session: str) -> Iterator[asyncio.Event]:
        """An event that is set when a message of the session arrives within the block."""
        if self._listening is None:
            self._listening = asyncio.create_task(repeat(self._listen, 0.1, "hearing of arrivals"))
        arrived = asyncio.Event()
        self._waiting[session].add(arrived)
        try:
            yield arrived
        finally:
            self._waiting[session].discard(arrived)
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
        async with self._redis.pubsub() as hearing:
            await hearing.subscribe(_CHANNEL)
            while True:
                heard = await hearing.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_SECONDS)
                if heard is not None:
                    for arrived in self._waiting.get(heard["data"].decode(), ()):
                        arrived.set()
