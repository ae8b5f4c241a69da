"""Inbox decorator that indexes the words of contacts' messages for the console's search.

Messages are acknowledged without it: words are written a moment later, and lost if the process dies before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.model import Event, ParticipantMessage, TurnReceived
from core.ports import AcceptResult, Inbox
from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.text_words import WordDigests

log = logging.getLogger("turngate.search")

_FLUSH_SECONDS = 0.5
_STORED = (AcceptResult.NEW, AcceptResult.SILENCED)
_MAX_WAITING = 2_000
_CALLS_AT_ONCE = 50


class TextIndex:
    """Indexes what is stored; with many messages at once some are not indexed rather than any delayed."""

    def __init__(self, redis: Redis, inbox: Inbox, limits: ProtocolLimits) -> None:
        self._redis = redis
        self._inbox = inbox
        self._digests = WordDigests(redis)
        self._script = lua.load_script("index_words", limits)
        self._waiting: list[tuple[str, str]] = []
        self._task: asyncio.Task[None] | None = None

    async def accept(self, events: Sequence[Event]) -> list[AcceptResult]:
        """Store a request's events; see `core.ports.mailbox.Inbox`."""
        results = await self._inbox.accept(events)
        for event, result in zip(events, results, strict=True):
            if result in _STORED and isinstance(event, TurnReceived | ParticipantMessage):
                turn = event.turn
                if turn.text and len(self._waiting) < _MAX_WAITING:
                    self._waiting.append((turn.session, turn.text))
        if self._waiting and self._task is None:
            self._task = asyncio.create_task(self._write_later())
        return results

    async def flush(self) -> None:
        """Write what waits."""
        while self._waiting:
            chunk, self._waiting = self._waiting[:_CALLS_AT_ONCE], self._waiting[_CALLS_AT_ONCE:]
            calls = [self._write(session, text) for session, text in chunk]
            await asyncio.gather(*calls)

    async def _write(self, session: str, text: str) -> None:
        if digests := await self._digests.of(text):
            await self._script(self._redis, [session, *digests])

    async def _write_later(self) -> None:
        try:
            await asyncio.sleep(_FLUSH_SECONDS)
            await self.flush()
        except (RedisError, OSError):
            log.debug("words of messages were not indexed: the server does not answer")
        finally:
            self._task = None
