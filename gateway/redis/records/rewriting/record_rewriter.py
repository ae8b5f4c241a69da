"""Rewrites sealed records in place, each by compare-and-set, while other processes read and write."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from redis.asyncio import Redis

from gateway.redis import lua
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.rewriting.stored_records import RecordKind, find_record_kind
from gateway.redis.records.stream_rewriter import Row, StreamRewriter

_VALUES_PER_STEP: Final = 200


class StoredRecord(NamedTuple):
    """A record where it is stored: its kind, its field, index or entry, and the fields beside it."""

    kind: RecordKind
    match: re.Match[str]
    where: str
    stored: bytes
    beside: Mapping[str, bytes]

    @property
    def place(self) -> str:
        """Return what the record is bound to. An unreadable one raises `ValueError` or `KeyError`."""
        return self.kind.place(self.match, self.beside)


Change = Callable[[StoredRecord], Awaitable[bytes | None]]
"""Returns the new value of a record; `None` if it stays as it is."""


class RecordRewriter:
    """Replaces the values of a key's records. A change by another process in between takes precedence."""

    def __init__(self, redis: Redis, streams: StreamRewriter | None = None) -> None:
        self._redis = redis
        self._streams = streams or StreamRewriter(redis)
        self._swap = lua.load_script("swap_values", ProtocolLimits())

    async def rewrite(self, key: str, change: Change) -> int:
        """Change the records of a key; return how many were changed."""
        found = find_record_kind(key)
        if found is None:
            return 0
        kind, match = found
        if (await cast("Any", self._redis.type(key))).decode() != kind.type:
            return 0
        if kind.type == "stream":
            return await self._rewrite_stream(kind, match, change)
        rewritten = 0
        async for records in self._read_values(kind, match):
            changes = [(each, new) for each in records if (new := await change(each)) is not None]
            arguments = [part for each, new in changes for part in (each.where, each.stored, new)]
            if arguments:
                rewritten += int(await self._swap(self._redis, [key, kind.type, *arguments]))
        return rewritten

    async def _rewrite_stream(self, kind: RecordKind, match: re.Match[str], change: Change) -> int:
        name = kind.fields[0]

        async def change_rows(rows: Sequence[Row]) -> dict[str, bytes]:
            records = [_read_entry(kind, match, row) for row in rows if name.encode() in row[1]]
            return {each.where: new for each in records if (new := await change(each)) is not None}

        return await self._streams.change(match[0], name, change_rows)

    async def _read_values(self, kind: RecordKind, match: re.Match[str]) -> AsyncIterator[list[StoredRecord]]:
        """Yield the records of a hash or a list in batches."""
        key = match[0]
        if kind.type == "list":
            first = 0
            while rows := await cast("Any", self._redis.lrange(key, first, first + _VALUES_PER_STEP - 1)):
                yield [
                    StoredRecord(kind, match, str(at), row, {"": row})
                    for at, row in enumerate(rows, start=first)
                ]
                first += len(rows)
            return
        stored: dict[bytes, bytes] = await cast("Any", self._redis.hgetall(key))
        values = [
            StoredRecord(kind, match, name.decode(), value, {"": value, "field": name})
            for name, value in stored.items()
            if not kind.fields or name.decode() in kind.fields
        ]
        for first in range(0, len(values), _VALUES_PER_STEP):
            yield values[first : first + _VALUES_PER_STEP]


def _read_entry(kind: RecordKind, match: re.Match[str], row: Row) -> StoredRecord:
    """Return the record that is in a field of an entry."""
    entry, fields = row
    stored = fields[kind.fields[0].encode()]
    beside = {"": stored, **{field.decode(): each for field, each in fields.items()}}
    return StoredRecord(kind, match, entry.decode(), stored, beside)
