"""Redacts one message: deletes its text from everything stored of its session, and nothing else.

Provider events lead here (a contact deletes a message, an agent redacts it), and operators where a provider
has no such event (`gateway/redis/records/redaction/operator_redaction.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, cast

from pydantic_core import from_json, to_json
from redis.asyncio import Redis

from core.model import FrozenModel
from gateway.redis import lua
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.encryption.sealing import NOTHING
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.contacts.key_content import read_stream
from gateway.redis.records.hook_events import SUBSCRIPTIONS, state_key
from gateway.redis.records.operators.kept_webhooks import KeptWebhook
from gateway.redis.records.redaction.redacted_words import RedactedWords, redact_state
from gateway.redis.records.redaction.seized_lease import seized_lease
from gateway.redis.records.redaction.stored_message import StoredMessage
from gateway.redis.records.rewriting.record_rewriter import RecordRewriter, StoredRecord
from gateway.redis.records.session_keys import session_key
from gateway.redis.records.sessions.search.text_words import WordDigests
from gateway.redis.records.sessions.search.word_index import FLUSH_SECONDS
from gateway.redis.records.stream_rewriter import StreamRewriter

_LEASE_SECONDS: Final = 3.0
"""Time for a worker to finish its turn; after it the lease is taken over."""
_INDEX_SECONDS: Final = 2 * FLUSH_SECONDS
_MESSAGE_KINDS: Final = frozenset({"accepted", "participant", "said"})
_SHARED_STREAMS: Final = (("tg:dead", "session"), ("tg:events", "s"), ("tg:hook_dead", "session"))


class Redaction(FrozenModel):
    """Result of a redaction: the sessions in which the message was found, and how many records changed."""

    sessions: tuple[str, ...] = ()
    records: int = 0


class MessageRedaction:
    """Redacts messages by the provider's ID, or a reply's by its key."""

    def __init__(
        self, redis: Redis, limits: ProtocolLimits, *, lease_seconds: float = _LEASE_SECONDS
    ) -> None:
        self._redis = redis
        self._limits = limits
        self._lease_seconds = lease_seconds
        self._cipher = cipher_of(redis)
        self._streams = StreamRewriter(redis)
        self._records = RecordRewriter(redis, self._streams)
        self._swap = lua.load_script("swap_values", limits)

    async def redact(self, session: str, message_id: str) -> Redaction:
        """Redact a message in its session and in those of the conversation's participants."""
        own: Any = await cast("Any", self._redis.smembers(session_key(session, ":participants")))
        found, records = [], 0
        for name in [session, *(each.decode() for each in own)]:
            changed = await self._redact_in(name, message_id)
            records += changed
            if changed:
                found.append(name)
        return Redaction(sessions=tuple(found), records=records)

    async def _redact_in(self, session: str, message_id: str) -> int:
        """Redact in one session. A run that was killed is repeated from the start.

        Therefore the state, which shows the values that were read from the message, is changed after
        everything else, and the message's own entry is deleted last. Records that a worker wrote before the
        lease was taken are cleaned in the second round.
        """
        message = await self._find(session, message_id)
        if not message.is_stored:
            return 0
        words = RedactedWords(message.texts)
        state = await self._open_state(session, await self._read_state(session))
        _, wider = redact_state(state, words, has_files=message.has_files)
        changed = await self._clean_others(session, wider)
        async with seized_lease(self._redis, self._limits, session, self._lease_seconds):
            changed += await self._take_from_mailbox(session, message_id)
            own, words = await self._clean_own(session, words, message)
            changed += own
        changed += await self._clean_others(session, words)
        changed += await self._drop_webhooks(session, message_id)
        await self._redis.unlink(session_key(session, ":text"))
        await self._wait_for_index(message.entries)
        await self._forget_search_words(session, words, message.entries)
        if message.entries:
            changed += int(await self._redis.xdel(session_key(session, ":log"), *message.entries))
        for part in (":log", ":webhooks"):
            await self._streams.compact(session_key(session, part))
        return changed

    async def _find(self, session: str, message_id: str) -> StoredMessage:
        """Read a message's texts from the log and the mailbox."""
        message, keys = StoredMessage(), {message_id}
        rows = [row async for row in read_stream(self._redis, session_key(session, ":log"))]
        entries = [
            (entry, fields[b"k"].decode(), await self._open(session, fields[b"d"])) for entry, fields in rows
        ]
        keys |= {
            str(data.get("key"))
            for _, kind, data in entries
            if kind == "sent" and data.get("id") == message_id
        }
        for entry, kind, data in entries:
            is_named = not keys.isdisjoint({data.get("turn"), data.get("key")})
            has_text = kind in _MESSAGE_KINDS or (kind == "sent" and "body" in data)
            if is_named and has_text:
                message.add(data)
                message.entries.append(entry)
        for stored in await cast("Any", self._redis.lrange(session_key(session, ":mail"), 0, -1)):
            turn = await self._open(session, stored)
            if turn.get("id") == message_id:
                message.is_waiting = True
                message.add(turn)
        return message

    async def _take_from_mailbox(self, session: str, message_id: str) -> int:
        """Remove a message that is not answered yet; it needs no answer any more."""
        key, removed = session_key(session, ":mail"), 0
        for stored in await cast("Any", self._redis.lrange(key, 0, -1)):
            if (await self._open(session, stored)).get("id") == message_id:
                removed += int(await cast("Any", self._redis.lrem(key, 1, stored)))
        return removed

    async def _clean_own(
        self, session: str, words: RedactedWords, message: StoredMessage
    ) -> tuple[int, RedactedWords]:
        """Clean the session's lists and log, then its state; return how many changed, and all words.

        This is repeated if the lease expired meanwhile and a worker has written another state.
        """
        changed = 0
        while True:
            stored = await self._read_state(session)
            state = await self._open_state(session, stored)
            cleaned, words = redact_state(state, words, has_files=message.has_files)
            for part in (":mail", ":out", ":held", ":kept", ":log"):
                changed += await self._clean(session, session_key(session, part), words, message.entries)
            if cleaned == state:
                return changed, words
            if await self._write_state(session, stored, cleaned):
                return changed + 1, words

    async def _read_state(self, session: str) -> bytes:
        return await cast("Any", self._redis.hget(session_key(session), "state")) or b""

    async def _open_state(self, session: str, stored: bytes) -> dict[str, Any]:
        return await self._open(session, stored) if stored else {}

    async def _write_state(self, session: str, stored: bytes, state: dict[str, Any]) -> bool:
        """Replace the stored state by compare-and-set; return whether that succeeded."""
        sealed = (await self._cipher.sealer()).record(session, to_json(state), NOTHING)
        return bool(await self._swap(self._redis, [session_key(session), "hash", "state", stored, sealed]))

    async def _clean_others(self, session: str, words: RedactedWords) -> int:
        """Clean what is stored besides the session's own lists, log and state."""
        return sum([await self._clean(session, key, words) for key in await self._other_keys(session)])

    async def _clean(self, session: str, key: str, words: RedactedWords, own: Sequence[str] = ()) -> int:
        """Clean the records of a key that belong to the session, but for the message's own entries.

        Returns how many were changed.
        """
        sealer = await self._cipher.sealer()

        async def change(record: StoredRecord) -> bytes | None:
            try:
                if (place := record.place) != session or record.where in own:
                    return None
                opened = await self._cipher.open(place, record.stored)
                cleaned = words.clean_record(opened)
            except (ValueError, KeyError, TypeError):  # written by another program or release
                return None
            return None if cleaned == opened else record.kind.seal(sealer, place, cleaned)

        return await self._records.rewrite(key, change)

    async def _other_keys(self, session: str) -> list[str]:
        """Return the keys besides the mailbox, outbox, log and state that may contain the words."""
        scheduled: Any = await cast("Any", self._redis.smembers(session_key(session, ":scheduled")))
        keys = [f"tg:scheduled:{{{session}}}:{each.decode()}" for each in scheduled]
        for stream, field in _SHARED_STREAMS:
            async for _, fields in read_stream(self._redis, stream):
                if fields.get(field.encode()) == session.encode():
                    keys.append(stream)
                    break
        hooks: Any = await cast("Any", self._redis.hkeys(SUBSCRIPTIONS))
        return [*keys, *(f"{state_key(each.decode())}:waiting" for each in hooks)]

    async def _drop_webhooks(self, session: str, message_id: str) -> int:
        """Delete the kept webhooks that brought the message."""
        key, removed = session_key(session, ":webhooks"), 0
        async for entry, fields in read_stream(self._redis, key):
            opened = await self._cipher.open(session, fields[b"webhook"])
            if message_id in KeptWebhook.model_validate_json(opened).messages:
                removed += int(await self._redis.xdel(key, entry))
        return removed

    async def _wait_for_index(self, entries: Sequence[str]) -> None:
        """Wait until the words of a recent message are in the index, which other processes write."""
        if entries:
            written_at = max(int(each.partition("-")[0]) for each in entries) / 1000
            seconds, microseconds = await self._redis.time()
            age = max(seconds + microseconds / 1_000_000 - written_at, 0.0)
            await asyncio.sleep(max(_INDEX_SECONDS - age, 0.0))

    async def _forget_search_words(self, session: str, words: RedactedWords, own: Sequence[str]) -> None:
        """Remove the message's words from the search index, except those of the session's other messages."""
        digests = WordDigests(self._redis)
        gone = {digest for text in words.texts for digest in await digests.of(text)}
        async for entry, fields in read_stream(self._redis, session_key(session, ":log")):
            if entry in own:
                continue
            data = await self._open(session, fields[b"d"])
            for name in ("text", "body"):
                gone -= set(await digests.of(str(data.get(name) or "")))
        async with self._redis.pipeline(transaction=True) as pipeline:
            for digest in gone:
                pipeline.srem(session_key(session, ":terms"), digest)
                pipeline.zrem(f"tg:term:{digest}", session)
            await pipeline.execute()

    async def _open(self, session: str, stored: bytes) -> dict[str, Any]:
        opened: dict[str, Any] = from_json(await self._cipher.open(session, stored))
        return opened
