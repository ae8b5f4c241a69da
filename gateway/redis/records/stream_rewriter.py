"""Rewrites streams of any length in bounded steps, while other processes read, append and delete."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, cast

from redis.asyncio import Redis

from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits

Row = tuple[bytes, Mapping[bytes, bytes]]
Change = Callable[[Sequence[Row]], Awaitable[Mapping[str, bytes]]]

_ENTRIES_PER_STEP: Final = 500

_POLL_SECONDS: Final = 0.05


def copy_key(stream: str) -> str:
    """Return the key of the partial copy of a stream."""
    return f"tg:stream_copy:{stream}"


class StreamRewriter:
    """Replaces a stream by a copy, in which entries may have new values and deleted entries take no space.

    A run that was killed leaves the stream as it was, and its part of the copy expires.
    """

    def __init__(self, redis: Redis, entries_per_step: int = _ENTRIES_PER_STEP) -> None:
        self._redis = redis
        self._limit = entries_per_step
        self._copy = lua.load_script("copy_stream", ProtocolLimits())

    async def compact(self, stream: str) -> None:
        """Free the bytes of all entries that were deleted before this call."""
        await self._run(stream, "", None)

    async def change(self, stream: str, field: str, change: Change) -> int:
        """Give entries new values in a field; return how many.

        `change` gets some entries at a time and returns the new values by ID. Entries that are appended in
        the last moment stay as they are. A stream without any change is not written.
        """
        cursor = ""
        while rows := await self._read(stream, cursor):
            if await change(rows):
                return await self._run(stream, field, change)
            cursor = rows[-1][0].decode()
        return 0

    async def _run(self, stream: str, field: str, change: Change | None) -> int:
        token, cursor, replaced, word = secrets.token_hex(8), "", 0, "more"
        while word != "done":
            values = await change(await self._read(stream, cursor)) if change else {}
            pairs = [part for pair in values.items() for part in pair]
            answer: Any = await self._copy(self._redis, [stream, token, cursor, self._limit, field, *pairs])
            word, cursor = answer[0].decode(), answer[1].decode()
            replaced = replaced + int(answer[2]) if word in ("more", "done") else 0
            if word == "busy":
                await asyncio.sleep(_POLL_SECONDS)
        return replaced

    async def _read(self, stream: str, cursor: str) -> Sequence[Row]:
        start = f"({cursor}" if cursor else "-"
        rows: Any = await self._redis.xrange(stream, start, "+", count=self._limit)
        return cast("Sequence[Row]", rows)
