"""Index of the words of messages for the console's search, written in the background.

Words that are not written yet are lost if the process dies. Under load, words are dropped rather than
messages delayed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final, Literal

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.redis import lua
from gateway.redis.lua import Argument, ProtocolLimits
from gateway.redis.records.sessions.search.text_words import WordDigests

log = logging.getLogger("turngate.search")

FLUSH_SECONDS: Final = 0.5
_MAX_WAITING: Final = 2_000
_TEXTS_PER_CALL: Final = 50

MessageAuthor = Literal["contact", "business"]
"""Author of words. The business repeats itself, so its words have a limit of their own."""


class WordIndex:
    """Indexes the words of a session's messages as keyed digests."""

    def __init__(self, redis: Redis, limits: ProtocolLimits) -> None:
        self._redis = redis
        self._digests = WordDigests(redis)
        self._script = lua.load_script("index_words", limits)
        self._waiting: list[tuple[str, str, MessageAuthor]] = []
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def add(self, session: str, texts: Iterable[str], author: MessageAuthor) -> None:
        """Index texts a moment later."""
        room = _MAX_WAITING - len(self._waiting)
        self._waiting += [(session, text, author) for text in texts if text][: max(room, 0)]
        if self._waiting and self._task is None:
            self._task = asyncio.create_task(self._write_later())

    async def flush(self) -> None:
        """Write the pending words, and wait for writes in progress.

        A call takes a bounded number of texts: the server does nothing else meanwhile.
        """
        async with self._writing:
            while self._waiting:
                chunk, self._waiting = self._waiting[:_TEXTS_PER_CALL], self._waiting[_TEXTS_PER_CALL:]
                if arguments := await self._encode(chunk):
                    await self._script(self._redis, arguments)

    async def _encode(self, chunk: Iterable[tuple[str, str, MessageAuthor]]) -> list[Argument]:
        """Return the script's arguments: the words of each session and author, each once."""
        digests: dict[tuple[str, MessageAuthor], dict[str, None]] = {}
        for session, text, author in chunk:
            found = dict.fromkeys(await self._digests.of(text))
            digests.setdefault((session, author), {}).update(found)
        arguments: list[Argument] = []
        for (session, author), words in digests.items():
            if words:
                arguments += [session, author, len(words), *words]
        return arguments

    async def _write_later(self) -> None:
        try:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()
        except (RedisError, OSError):
            log.debug("words of messages were not indexed: the server does not answer")
        finally:
            self._task = None
