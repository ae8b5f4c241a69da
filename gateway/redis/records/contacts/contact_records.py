"""Data of a contact outside of their sessions: records that all sessions share.

Export and erasure use the same list, so that erasure deletes everything that an export shows.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple, cast
from urllib.parse import unquote_plus

from pydantic_core import from_json
from redis.asyncio import Redis

from gateway.redis import rq_layout
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.records.contacts.contact_names import MentionFinder, last_part, normalize
from gateway.redis.records.contacts.contact_search import FoundContact, scan_keys
from gateway.redis.records.contacts.key_content import decode, decode_text, read_key, read_stream
from gateway.redis.records.hook_events import SUBSCRIPTIONS, state_key
from gateway.redis.records.operators.kept_webhooks import REJECTED, read_original

Command = tuple[str | bytes | int, ...]

_JSON_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")


class ContactRecord(NamedTuple):
    """A record: its kind, its content, the commands that delete it, and the key of a sent message."""

    kind: str
    content: Any
    commands: tuple[Command, ...]
    message: str = ""


class ContactRecords:
    """Records of one contact."""

    def __init__(self, redis: Redis, contact: FoundContact) -> None:
        self._redis = redis
        self._sessions = frozenset(contact.sessions)
        self._links = contact.links
        self._identifiers = frozenset(map(normalize, contact.identifiers))
        self._mentions = MentionFinder([*contact.identifiers, *contact.sessions])

    async def find_all(self) -> AsyncIterator[ContactRecord]:
        """Yield all records."""
        for name in self._links:
            yield ContactRecord("identity links", name, (("DEL", f"tg:person:{name}"),))
        provider_ids: set[str] = set()
        async for record in self._find_messages():
            provider_ids.add(record.message.split(":", 3)[-1])
            yield record
        async for record in self._find_echoes(provider_ids):
            yield record
        for stream, kind, belongs in (
            ("tg:dead", "dead letters", self._is_of_session("session")),
            ("tg:events", "hook events", self._is_of_session("s")),
            ("tg:hook_dead", "hook events", self._is_of_session("session")),
            ("tg:quarantine", "rejected webhooks", self._mentions_contact),
        ):
            async for entry, fields in read_stream(self._redis, stream):
                if belongs(fields):
                    yield ContactRecord(kind, decode(fields), (("XDEL", stream, entry),))
        async for record in self._find_rejected_webhooks():
            yield record
        async for record in self._find_waiting_events():
            yield record
        async for record in self._find_jobs():
            yield record
        async for record in self._find_reasons():
            yield record
        async for record in self._find_orphans():
            yield record

    def _is_of_session(self, field: str) -> Callable[[Mapping[bytes, bytes]], bool]:
        name = field.encode()
        return lambda fields: self._is_contacts(fields.get(name, b"").decode("utf-8", "replace"))

    def _is_contacts(self, session: str) -> bool:
        """Return whether a session is the contact's, including one that expired before its dead letters."""
        names = {normalize(session), normalize(last_part(session))}
        return session in self._sessions or not names.isdisjoint(self._identifiers)

    def _mentions_contact(self, fields: Mapping[bytes, bytes]) -> bool:
        return any(self._mentions.is_in(value.decode("utf-8", "replace")) for value in fields.values())

    async def _find_messages(self) -> AsyncIterator[ContactRecord]:
        async for keys in scan_keys(self._redis, "tg:message:*"):
            async with self._redis.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.hgetall(key)
                rows: list[dict[bytes, bytes]] = await pipeline.execute()
            for key, fields in zip(keys, rows, strict=True):
                if self._is_of_session("session")(fields) or self._mentions.is_in(key):
                    commands: tuple[Command, ...] = (("DEL", key), ("ZREM", "tg:resends", key))
                    yield ContactRecord("message records", {"key": key, **decode(fields)}, commands, key)

    async def _find_echoes(self, provider_ids: set[str]) -> AsyncIterator[ContactRecord]:
        async for keys in scan_keys(self._redis, "tg:echo:*"):
            for key, stored in zip(keys, await self._redis.mget(keys), strict=True):
                if decode_text(stored or "") in provider_ids or self._mentions.is_in(key):
                    yield ContactRecord("message records", {"key": key}, (("DEL", key),))

    async def _find_rejected_webhooks(self) -> AsyncIterator[ContactRecord]:
        """Yield the kept originals that mention the contact, however they spell it."""
        async for entry, fields in read_stream(self._redis, REJECTED):
            original = read_original(await cipher_of(self._redis).open(REJECTED, fields[b"webhook"]))
            body = original.body.decode("utf-8", "replace")
            if any(self._mentions.is_in(each) for each in _spellings(f"{original.url}\n{body}")):
                content = {"url": original.url, "body": body}
                yield ContactRecord("rejected webhooks", content, (("XDEL", REJECTED, entry),))

    async def _find_waiting_events(self) -> AsyncIterator[ContactRecord]:
        for hook in await cast("Any", self._redis.hkeys(SUBSCRIPTIONS)):
            key = state_key(hook.decode())
            async for name, stored in self._redis.hscan_iter(f"{key}:waiting"):
                if self._is_contacts((event := from_json(stored)).get("session", "")):
                    commands = (("HDEL", f"{key}:waiting", name), ("ZREM", f"{key}:due", name))
                    yield ContactRecord("hook events", event, commands)

    async def _find_jobs(self) -> AsyncIterator[ContactRecord]:
        """Yield the jobs that name a session. A running job only loses the name; RQ deletes it at its end."""
        async for keys in scan_keys(self._redis, f"{rq_layout.JOB_KEY_PREFIX}*"):
            async with self._redis.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.hmget(key, ["data", "status"])
                rows: list[Any] = await pipeline.execute(raise_on_error=False)
            for key, row in zip(keys, rows, strict=True):
                # RQ has keys of other types beside its jobs
                data, status = row if isinstance(row, list) else (None, None)
                if _session_of_job(data) not in self._sessions:
                    continue
                job = key.removeprefix(rq_layout.JOB_KEY_PREFIX)
                commands: tuple[Command, ...] = (
                    ("LREM", rq_layout.queue_key(), 0, job),
                    ("ZREM", rq_layout.failed_jobs_key(), job),
                    ("DEL", key, rq_layout.results_key(job)),
                )
                if status == b"started":
                    commands = (("HSET", key, "data", _encode_job("erased")),)
                yield ContactRecord("jobs", {"job": job}, commands)

    async def _find_reasons(self) -> AsyncIterator[ContactRecord]:
        """Yield the latest provider errors of accounts that contain an identifier of the contact."""
        for key in ("tg:alarms", "tg:reasons"):
            stored: dict[bytes, bytes] = await cast("Any", self._redis.hgetall(key))
            for account, value in stored.items():
                if self._mentions.is_in(value.decode("utf-8", "replace")):
                    yield ContactRecord("provider errors", decode(value), (("HDEL", key, account),))

    async def _find_orphans(self) -> AsyncIterator[ContactRecord]:
        """Yield keys of the sessions that no index names, and sessions of embedded dialogs."""
        patterns = ("tg:proactive:{*", "tg:scheduled:{*", "tg:own:{*")
        for pattern in patterns:
            async for keys in scan_keys(self._redis, pattern):
                for key in keys:
                    session = key.partition("{")[2].rpartition("}")[0]
                    # an ID behind the session may have any characters
                    is_of_session = key.startswith(
                        tuple(f"{pattern[:-1]}{each}}}" for each in self._sessions)
                    )
                    if is_of_session or (pattern == "tg:own:{*" and self._is_own(session)):
                        content = {"key": key, "content": await read_key(self._redis, key)}
                        yield ContactRecord("other records", content, (("DEL", key),))

    def _is_own(self, session: str) -> bool:
        return self._mentions.is_in(session)


def _spellings(text: str) -> tuple[str, ...]:
    """Return the text as it is, with the escapes of JSON resolved, and as the fields of a form or a query."""
    unescaped = _JSON_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text).replace("\\/", "/")
    return text, unescaped, unquote_plus(unescaped)


def _session_of_job(data: bytes | None) -> str:
    if not data:
        return ""
    with suppress(zlib.error):  # RQ's own client compresses, the scripts do not
        data = zlib.decompress(data)
    try:
        function, _, arguments, _ = json.loads(data)
        return str(arguments[0]) if function == rq_layout.JOB_FUNCTION else ""
    except (ValueError, TypeError, IndexError):
        return ""


def _encode_job(session: str) -> str:
    return json.dumps([rq_layout.JOB_FUNCTION, None, [session], {}])
