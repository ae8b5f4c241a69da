"""Files that providers fetch from the gateway's public URL: signed, bounded, and kept for a limited time.

A URL contains the file's ID, its expiry and a signature over both, so an invalid URL costs no look-up.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from time import time
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from pydantic_core import from_json, to_json
from redis.asyncio import Redis

from core.errors import Rejected
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.encryption.sealing import NOTHING
from gateway.redis.records.operators.audit_log import read_salt

PATH: Final = "/files"
MAX_BYTES: Final = 16 * 1024 * 1024
MAX_TOTAL_BYTES: Final = 256 * 1024 * 1024
"""Size of all files together: a limit for the memory of Redis, roughly kept when many are written at once."""

_OWNERS_PER_ROOM: Final = 4
"""Largest share of the total for one owner: a conversation must not use up the space of all others."""

_INDEX: Final = "tg:files"
_MAX_FILES: Final = 5_000
_FIELD: Final = "file"
_DIGEST_LENGTH: Final = 16
_SECONDS_AFTER_FETCH: Final = 3_600
_TOKEN: Final = re.compile(r"([0-9a-f]{16}[A-Za-z0-9_-]{22})\.([0-9a-f]{1,12})\.([0-9a-f]{32})")


class PublicFile(NamedTuple):
    """A file as it is served. With `is_kept` it stays for its whole time, however often it is fetched."""

    body: bytes
    content_type: str
    name: str
    is_kept: bool = False


class PublicFiles:
    """Publishes files for `seconds`, and serves them; an hour after the first fetch most are gone.

    Without a `public_url` nothing is published.
    """

    def __init__(
        self, redis: Redis, public_url: str, *, seconds: float, max_total: int = MAX_TOTAL_BYTES
    ) -> None:
        self._redis = redis
        self._base = public_url.rstrip("/")
        self._seconds = seconds
        self._max_total = max_total
        self._key = b""

    async def publish(
        self, body: bytes, content_type: str, name: str, *, owner: str = "", is_kept: bool = False
    ) -> str:
        """Return the URL of a file. Raises `Rejected` without a public URL, or if there is no room for it.

        `owner` is the session with which the file is erased.
        """
        if not self._base:
            raise Rejected("PUBLIC_URL is not set, so no provider can fetch files", code="no_public_url")
        if len(body) > MAX_BYTES:
            raise Rejected(f"the file has more than {MAX_BYTES:,} bytes", code="too_large")
        file_id = f"{await self._digest(owner)}{secrets.token_urlsafe(16)}"
        ends_at = int(time() + self._seconds)
        key = _key_of(file_id)
        sealer = await cipher_of(self._redis).sealer()
        sealed = await asyncio.to_thread(
            lambda: sealer.record(
                key,
                to_json(
                    {"type": content_type, "name": name, "kept": is_kept, "body": b64encode(body).decode()}
                ),
                NOTHING,
            )
        )
        await self._reserve(_entry_of(file_id, len(body)), len(body), ends_at, has_owner=bool(owner))
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hset(key, _FIELD, sealed)
            pipe.expireat(key, ends_at)
            await pipe.execute()
        token = f"{file_id}.{ends_at:x}.{await self._sign(file_id, ends_at)}"
        return f"{self._base}{PATH}/{token}/{quote(name, safe='')}"

    async def find(self, token: str) -> PublicFile | None:
        """Return the file of a URL; `None` if the URL is not ours or has ended."""
        parts = _TOKEN.fullmatch(token)
        if parts is None:
            return None
        file_id, ends_at = parts[1], int(parts[2], 16)
        if ends_at <= time() or not hmac.compare_digest(parts[3], await self._sign(file_id, ends_at)):
            return None
        key = _key_of(file_id)
        stored: Any = await self._redis.hget(key, _FIELD)
        if stored is None:
            return None
        return await asyncio.to_thread(_read_file, await cipher_of(self._redis).open_large(key, stored))

    def owns(self, url: str) -> bool:
        """Return whether a URL is one of a file that is served here."""
        return bool(self._base) and url.startswith(f"{self._base}{PATH}/")

    async def load(self, url: str) -> bytes | None:
        """Return the bytes of a file that is served here; `None` for any other URL."""
        token = url.removeprefix(f"{self._base}{PATH}/").partition("/")[0] if self.owns(url) else ""
        file = await self.find(token)
        return file.body if file else None

    async def shorten(self, token: str, file: PublicFile) -> None:
        """Keep a file for an hour after its first fetch only, for a provider that fetches it again."""
        file_id, end, _ = token.split(".")
        if file.is_kept or await self._redis.ttl(_key_of(file_id)) <= _SECONDS_AFTER_FETCH:
            return
        ends_at = min(int(end, 16), int(time()) + _SECONDS_AFTER_FETCH)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.expireat(_key_of(file_id), ends_at)
            pipe.zadd(_INDEX, {_entry_of(file_id, len(file.body)): ends_at}, xx=True)
            await pipe.execute()

    async def export_of(self, owner: str) -> list[dict[str, Any]]:
        """Return the files of a session as JSON values, with their content in base64."""
        files = []
        for entry in await self._entries_of(owner):
            key = _key_of(entry.split(" ")[0])
            stored: Any = await self._redis.hget(key, _FIELD)
            if stored is not None:
                files.append(from_json(await cipher_of(self._redis).open(key, stored)))
        return files

    async def delete_of(self, owner: str) -> int:
        """Delete the files of a session; return how many there were."""
        entries = await self._entries_of(owner)
        if not entries:
            return 0
        await self._redis.zrem(_INDEX, *entries)
        return int(await self._redis.delete(*(_key_of(entry.split(" ")[0]) for entry in entries)))

    async def _entries_of(self, owner: str) -> list[str]:
        digest = await self._digest(owner)
        found = {entry.decode() async for entry, _ in self._redis.zscan_iter(_INDEX, match=f"{digest}*")}
        return sorted(found)

    async def _reserve(self, entry: str, size: int, ends_at: int, *, has_owner: bool) -> None:
        """Add a file to the index of stored files. Raises `Rejected` if there is no room."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.zremrangebyscore(_INDEX, "-inf", int(time()))
            pipe.zrange(_INDEX, 0, -1)
            _, entries = await pipe.execute()
        sizes = [(each[:_DIGEST_LENGTH].decode(), int(each.split(b" ")[1])) for each in entries]
        total = sum(each for _, each in sizes)
        own = sum(each for digest, each in sizes if digest == entry[:_DIGEST_LENGTH])
        if has_owner and own + size > self._max_total // _OWNERS_PER_ROOM:
            raise Rejected(f"{own:,} bytes of files are kept for this conversation already", code="no_room")
        if total + size > self._max_total or len(entries) >= _MAX_FILES:
            raise Rejected(
                f"{len(entries)} files of {total:,} bytes are kept for providers, which is the most that is",
                code="no_room",
            )
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.zadd(_INDEX, {entry: ends_at})
            pipe.expireat(_INDEX, int(time() + self._seconds))
            await pipe.execute()

    async def _sign(self, file_id: str, ends_at: int) -> str:
        return (await self._hash(f"{file_id}.{ends_at:x}"))[:16].hex()

    async def _digest(self, owner: str) -> str:
        return (await self._hash(f"owner {owner}")).hex()[:_DIGEST_LENGTH]

    async def _hash(self, text: str) -> bytes:
        if not self._key:
            self._key = hmac.digest(await read_salt(self._redis), b"public files", "sha256")
        return hmac.digest(self._key, text.encode(), "sha256")


def _read_file(opened: bytes) -> PublicFile:
    record = from_json(opened)
    return PublicFile(b64decode(record["body"]), record["type"], record["name"], record["kept"])


def _entry_of(file_id: str, size: int) -> str:
    return f"{file_id} {size}"


def _key_of(file_id: str) -> str:
    return f"tg:file:{file_id}"
