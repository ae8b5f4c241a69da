"""Rewrites what is stored with the newest data key, also what was stored before encryption was turned on.

Every step is one key's part and an atomic compare-and-set, so web and worker processes run meanwhile: what
they change first is theirs, and is rewritten in the next round.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, cast

from pydantic_core import from_json
from redis.asyncio import Redis

from gateway.redis import lua
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.encryption.sealing import Sealer
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.contact_names import last_part
from gateway.redis.records.contacts.contact_search import scan_keys
from gateway.redis.records.contacts.contact_spelling import build_terms
from gateway.redis.records.stored_records import RecordKind, find_record_kind
from gateway.redis.records.stream_rewriter import Row, StreamRewriter

_VALUES_PER_STEP: Final = 200
_MAX_ROUNDS: Final = 5
_KEY_IDS: Final = re.compile(rb'"sealed":"enc:1:([0-9a-z]+):')


class _Value(NamedTuple):
    """A record where it is stored: its field, index or entry, and the fields beside it."""

    where: str
    stored: bytes
    beside: Mapping[str, bytes]


class Reencryption:
    """One run over the keyspace. A run that was interrupted is simply repeated."""

    def __init__(
        self,
        redis: Redis,
        on_progress: Callable[[int], object] = lambda rewritten: None,
        streams: StreamRewriter | None = None,
    ) -> None:
        """Create a run; `on_progress` gets the number of records that are written anew."""
        self._redis = redis
        self._streams = streams or StreamRewriter(redis)
        self._cipher = cipher_of(redis)
        self._on_progress = on_progress
        self._swap = lua.load_script("swap_values", ProtocolLimits())
        self._rewritten = 0

    async def run(self) -> int:
        """Write everything anew, in rounds until one finds nothing; return the number of records.

        Raises `EncryptionKeyMissing`.
        """
        for _ in range(_MAX_ROUNDS):
            before = self._rewritten
            sealer = await self._cipher.sealer()
            async for keys in scan_keys(self._redis, "tg:*"):
                for key in keys:
                    await self._rewrite_key(key, sealer)
            if self._rewritten == before:
                break
        return self._rewritten

    async def _rewrite_key(self, key: str, sealer: Sealer) -> None:
        found = find_record_kind(key)
        if found is None:
            return
        kind, match = found
        if (await cast("Any", self._redis.type(key))).decode() != kind.type:
            return
        if kind.type == "stream":
            await self._rewrite_stream(kind, match, sealer)
            return
        async for values in self._read_values(kind, key):
            changes = [change for each in values for change in await self._reseal(kind, match, each, sealer)]
            if changes:
                arguments = [part for change in changes for part in change]
                self._count(await self._swap(self._redis, [key, kind.type, *arguments]))
        if kind.fields == ("state", "known"):
            await self._hide_terms(match["session"], sealer)

    async def _reseal(
        self, kind: RecordKind, match: re.Match[str], value: _Value, sealer: Sealer
    ) -> list[tuple[str, bytes, bytes]]:
        """Return where a record is, what it was and what it becomes; an empty list if it stays."""
        key_ids = set(_KEY_IDS.findall(value.stored))
        if key_ids == {sealer.key_id.encode()}:
            return []
        with suppress(ValueError, KeyError, TypeError, AttributeError):  # another program's, or unreadable
            place = kind.place(match, value.beside)
            new = kind.seal(sealer, place, await self._cipher.open(place, value.stored))
            if _KEY_IDS.search(new):
                return [(value.where, value.stored, new)]
        return []

    async def _rewrite_stream(self, kind: RecordKind, match: re.Match[str], sealer: Sealer) -> None:
        name = kind.fields[0]

        async def reseal(rows: Sequence[Row]) -> dict[str, bytes]:
            values = [_read_entry(row, name) for row in rows if name.encode() in row[1]]
            changes = [change for each in values for change in await self._reseal(kind, match, each, sealer)]
            return {entry: new for entry, _, new in changes}

        self._count(await self._streams.change(match[0], name, reseal))

    def _count(self, rewritten: int) -> None:
        if rewritten:
            self._rewritten += rewritten
            self._on_progress(self._rewritten)

    async def _read_values(self, kind: RecordKind, key: str) -> AsyncIterator[list[_Value]]:
        """Yield the records of a hash or a list, so many at a time."""
        if kind.type == "list":
            first = 0
            while rows := await cast("Any", self._redis.lrange(key, first, first + _VALUES_PER_STEP - 1)):
                yield [_Value(str(at), row, {"": row}) for at, row in enumerate(rows, start=first)]
                first += len(rows)
        else:
            stored: dict[bytes, bytes] = await cast("Any", self._redis.hgetall(key))
            values = [
                _Value(name.decode(), value, {"": value, "field": name})
                for name, value in stored.items()
                if not kind.fields or name.decode() in kind.fields
            ]
            for first in range(0, len(values), _VALUES_PER_STEP):
                yield values[first : first + _VALUES_PER_STEP]

    async def _hide_terms(self, session: str, sealer: Sealer) -> None:
        """Replace the clear terms of a contact's names in the console's search; numbers stay."""
        key = f"tg:{{{session}}}"
        stored: set[bytes] = await cast("Any", self._redis.smembers(f"{key}:terms"))
        address = await cast("Any", self._redis.hget(key, "address"))
        clear = set(
            build_terms([last_part(session), str(from_json(address)["theirs"]) if address else ""], ())
        )
        for term in {each.decode() for each in stored} - clear:
            if term.startswith("~"):
                continue
            [hidden] = sealer.hidden_terms([term])
            score = await self._redis.zscore(f"tg:term:{term}", session)
            expiry = await self._redis.pttl(f"tg:term:{term}")
            async with self._redis.pipeline(transaction=True) as pipeline:
                if score is not None:
                    pipeline.zadd(f"tg:term:{hidden}", {session: score})
                    pipeline.pexpire(f"tg:term:{hidden}", max(expiry, 1))
                pipeline.zrem(f"tg:term:{term}", session)
                pipeline.srem(f"{key}:terms", term)
                pipeline.sadd(f"{key}:terms", hidden)
                pipeline.hdel(key, "terms")
                await pipeline.execute()
            self._rewritten += 1


def _read_entry(row: Row, name: str) -> _Value:
    """Return the record that is in a field of an entry."""
    entry, fields = row
    stored = fields[name.encode()]
    return _Value(
        entry.decode(), stored, {"": stored, **{field.decode(): each for field, each in fields.items()}}
    )
