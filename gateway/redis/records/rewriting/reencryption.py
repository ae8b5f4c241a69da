"""Rewrites stored records with the newest data key, including those from before encryption was turned on.

Every step is one key's part and an atomic compare-and-set, so web and worker processes can run meanwhile: a
record that they change first is rewritten in the next round.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, cast

from pydantic_core import from_json
from redis.asyncio import Redis

from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.encryption.sealing import Sealer
from gateway.redis.records.contacts.contact_names import last_part
from gateway.redis.records.contacts.contact_search import scan_keys
from gateway.redis.records.contacts.contact_spelling import build_terms
from gateway.redis.records.rewriting.record_rewriter import RecordRewriter, StoredRecord
from gateway.redis.records.rewriting.stored_records import find_record_kind
from gateway.redis.records.stream_rewriter import StreamRewriter

_MAX_ROUNDS: Final = 5
_KEY_IDS: Final = re.compile(rb'"sealed":"enc:1:([0-9a-z]+):')


class Reencryption:
    """One run over the keyspace. An interrupted run can be repeated."""

    def __init__(
        self,
        redis: Redis,
        on_progress: Callable[[int], object] = lambda rewritten: None,
        streams: StreamRewriter | None = None,
    ) -> None:
        """Create a run; `on_progress` is called with the number of rewritten records."""
        self._redis = redis
        self._records = RecordRewriter(redis, streams)
        self._cipher = cipher_of(redis)
        self._on_progress = on_progress
        self._rewritten = 0

    async def run(self) -> int:
        """Rewrite everything, in rounds until one finds nothing; return the number of records.

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
        async def reseal(record: StoredRecord) -> bytes | None:
            return await self._reseal(record, sealer)

        self._count(await self._records.rewrite(key, reseal))
        found = find_record_kind(key)
        if found is not None and found[0].fields == ("state", "known"):
            await self._hide_terms(found[1]["session"], sealer)

    async def _reseal(self, record: StoredRecord, sealer: Sealer) -> bytes | None:
        """Return the new value of a record; `None` if it stays as it is."""
        key_ids = set(_KEY_IDS.findall(record.stored))
        if key_ids == {sealer.key_id.encode()}:
            return None
        with suppress(ValueError, KeyError, TypeError, AttributeError):  # another program's, or unreadable
            place = record.place
            new = record.kind.seal(sealer, place, await self._cipher.open(place, record.stored))
            if _KEY_IDS.search(new):
                return new
        return None

    def _count(self, rewritten: int) -> None:
        if rewritten:
            self._rewritten += rewritten
            self._on_progress(self._rewritten)

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
