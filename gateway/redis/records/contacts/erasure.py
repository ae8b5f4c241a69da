"""Erases everything stored of a contact, in memory and on disk (GDPR erasure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from pydantic import Field
from redis.asyncio import Redis

from core.errors import StorageUnavailable
from core.model import FrozenModel
from gateway.redis import lua
from gateway.redis.connection.replication import ReplicaConfirmation, confirm_block
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.broadcast_rows import find_broadcast_rows
from gateway.redis.records.contacts.contact_names import MentionFinder
from gateway.redis.records.contacts.contact_records import ContactRecord, ContactRecords
from gateway.redis.records.contacts.contact_search import ContactSearch, FoundContact, scan_keys
from gateway.redis.records.contacts.key_content import decode_text
from gateway.redis.records.contacts.persistence import rewrite_files
from gateway.redis.records.operators.kept_webhooks import REJECTED
from gateway.redis.records.public_files import PublicFiles
from gateway.redis.records.session_keys import SESSION_PARTS, session_key
from gateway.redis.records.stream_rewriter import StreamRewriter, copy_key

_DELETED_PER_CALL: Final = 200
_SHARED_STREAMS: Final = ("tg:events", "tg:hook_dead", "tg:dead", "tg:quarantine", REJECTED)
"""Streams of all contacts: the bytes of deleted entries stay in them until they are written anew."""


class ErasureReceipt(FrozenModel):
    """Receipt of an erasure: the removed items by kind and count, and those that were kept.

    `opt_outs_kept` are those of which a salted hash stays, so that the contact is not written to again.
    `files` is what became of the server's files: `rewritten`, `running`, or why that failed.
    """

    sessions: int = 0
    removed: dict[str, int] = Field(default_factory=dict)
    opt_outs_kept: int = 0
    files: dict[str, str] = Field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """True if nothing was found."""
        return not self.removed

    @property
    def is_complete(self) -> bool:
        """True if the server's files are rewritten, too."""
        return all(result == "rewritten" for result in self.files.values())


class ContactErasure:
    """Erases contacts. Late events of providers and results of old workers are not stored again."""

    def __init__(
        self,
        redis: Redis,
        streams: StreamRewriter | None = None,
        confirmations: Sequence[ReplicaConfirmation] = (),
    ) -> None:
        """Create an erasure; with `confirmations` it is not done before replicas have it."""
        self._redis = redis
        self._confirmations = confirmations
        self._streams = streams or StreamRewriter(redis)
        self._mark = lua.load_script("mark_erased", ProtocolLimits())

    async def find(self, contact: str) -> FoundContact:
        """Return what an erasure of this contact concerns."""
        return await ContactSearch(self._redis).find(contact)

    async def erase(self, contact: str, file_seconds: float = 300.0) -> ErasureReceipt:
        """Erase a contact, wait for the rewrite of the servers' files and return what was removed.

        Raises `StorageUnavailable` if replicas do not confirm it: then it has to be repeated, also where
        nothing is left on the primary, because a failover might bring the contact back.
        """
        try:
            async with confirm_block(self._confirmations):
                return await self._erase(contact, file_seconds)
        except StorageUnavailable as error:
            raise StorageUnavailable(
                f"{error}. A failover may undo the erasure: repeat it until this error is gone"
            ) from error

    async def _erase(self, contact: str, file_seconds: float) -> ErasureReceipt:
        found = await self.find(contact)
        removed: Counter[str] = Counter()
        # rows first, or a running broadcast would create the contact again
        await self._delete([each async for each in find_broadcast_rows(self._redis, found)], removed)
        kept = 0
        for session in found.sessions:
            counts, optouts = await erase_session(self._redis, session)
            removed.update(counts)
            kept += optouts
        removed.pop("identity links", None)  # they are records, too
        records = [each async for each in ContactRecords(self._redis, found).find_all()]
        await self._mark_messages([each.message for each in records if each.message])
        await self._delete(records, removed)
        await self._delete_leftovers(found, removed)
        if not removed:
            return ErasureReceipt()
        for stream in _SHARED_STREAMS:
            await self._streams.compact(stream)
        return ErasureReceipt(
            sessions=len(found.sessions),
            removed={kind: count for kind, count in sorted(removed.items()) if count},
            opt_outs_kept=kept,
            files=await rewrite_files(self._redis, file_seconds),
        )

    async def _mark_messages(self, messages: Sequence[str]) -> None:
        for first in range(0, len(messages), _DELETED_PER_CALL):
            await self._mark(self._redis, list(messages[first : first + _DELETED_PER_CALL]))

    async def _delete(self, records: Sequence[ContactRecord], removed: Counter[str]) -> None:
        for first in range(0, len(records), _DELETED_PER_CALL):
            chunk = records[first : first + _DELETED_PER_CALL]
            async with self._redis.pipeline(transaction=True) as pipeline:
                for record in chunk:
                    for command in record.commands:
                        pipeline.execute_command(*command)
                await pipeline.execute()
            removed.update(record.kind for record in chunk)

    async def _delete_leftovers(self, contact: FoundContact, removed: Counter[str]) -> None:
        """Delete keys of the sessions that a later release made, and their places in the accounts' rows.

        The IDs of replies, too, that a status has brought back before the messages were marked as erased.
        """
        for pattern in ("tg:ready:*", "tg:backlog:*"):
            async for keys in scan_keys(self._redis, pattern):
                for key in keys if contact.sessions else ():
                    await self._redis.zrem(key, *contact.sessions)
        mentions = MentionFinder(contact.identifiers)
        async for keys in scan_keys(self._redis, "tg:echo:*"):
            for key in filter(mentions.is_in, keys):
                removed["other records"] += int(await self._redis.delete(key))
        async for keys in scan_keys(self._redis, "tg:proactive_session:*"):
            values = await self._redis.mget(keys)
            for key, value in zip(keys, values, strict=True):
                if decode_text(value or "") in contact.sessions or mentions.is_in(key):
                    removed["other records"] += int(await self._redis.delete(key))


async def erase_session(redis: Redis, session: str) -> tuple[Counter[str], int]:
    """Delete a session in one step; return what was removed by kind, and how many opt-outs were kept.

    A worker that holds it loses its lease.
    """
    script = lua.load_script("erase_session", ProtocolLimits())
    kept, *counts = await script(redis, [session, *SESSION_PARTS])
    names: Sequence[Any] = counts[::2]
    removed = Counter(dict(zip((name.decode() for name in names), counts[1::2], strict=True)))
    await redis.unlink(*(copy_key(session_key(session, part)) for part in SESSION_PARTS))
    if files := await PublicFiles(redis, "", seconds=0).delete_of(session):
        removed["files"] += files
    return removed, int(kept)
