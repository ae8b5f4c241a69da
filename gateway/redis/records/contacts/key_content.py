"""Reads the content of a key of any type as JSON values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Final, cast

from pydantic_core import from_json
from redis.asyncio import Redis

_ROWS_PER_CALL: Final = 500


async def read_key(redis: Redis, key: str) -> Any:
    """Return the content of a key; `None` if there is none."""
    match (await cast("Any", redis.type(key))).decode():
        case "string":
            return decode(await redis.get(key))
        case "hash":
            return decode(await cast("Any", redis.hgetall(key)))
        case "list":
            return decode(await cast("Any", redis.lrange(key, 0, -1)))
        case "set":
            return sorted(map(decode_text, await cast("Any", redis.smembers(key))))
        case "zset":
            rows: Any = await redis.zrange(key, 0, -1, withscores=True)
            return {decode_text(name): score for name, score in rows}
        case "stream":
            return [{"id": entry, **decode(fields)} async for entry, fields in read_stream(redis, key)]
    return None


async def read_stream(redis: Redis, stream: str) -> AsyncIterator[tuple[str, Mapping[bytes, bytes]]]:
    """Yield the entries of a stream, oldest first."""
    start = "-"
    while rows := await cast("Any", redis.xrange(stream, start, "+", count=_ROWS_PER_CALL)):
        for entry, fields in rows:
            yield entry.decode(), fields
        start = f"({rows[-1][0].decode()}"


def decode(stored: Any) -> Any:
    """Return stored bytes as text, or as the value that they are JSON of; also inside containers."""
    if isinstance(stored, Mapping):
        return {decode_text(name): decode(value) for name, value in stored.items()}
    if isinstance(stored, list):
        return [decode(value) for value in stored]
    if not isinstance(stored, bytes):
        return stored
    if stored.startswith((b"{", b"[")):
        with suppress(ValueError):
            return from_json(stored)
    return decode_text(stored)


def decode_text(stored: bytes | str) -> str:
    """Return stored bytes as text."""
    return stored.decode("utf-8", "replace") if isinstance(stored, bytes) else stored
