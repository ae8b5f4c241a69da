"""Original webhooks of providers: encrypted, for a limited time, and only if the operator enables it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextvars import ContextVar
from time import time
from typing import Any, Final
from uuid import uuid4

from pydantic import Field
from redis.asyncio import Redis

from core.model import FrozenModel
from core.ports import Webhook
from gateway.redis import lua
from gateway.redis.encryption.cipher import cipher_of
from gateway.redis.encryption.sealing import NOTHING
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.session_keys import session_key

current_webhook: ContextVar[Webhook | None] = ContextVar("current_webhook", default=None)
"""The webhook whose events are being stored; `None` for events of another origin."""

REJECTED: Final = "tg:rejected_webhooks"
MAX_BYTES: Final = 65_536
_MAX_PER_SESSION: Final = 50
_MAX_REJECTED: Final = 200
_HOUR_MS: Final = 3_600_000


class KeptWebhook(FrozenModel):
    """An accepted webhook without its secrets. `size` is that of the whole body, in bytes."""

    at_ms: int
    messages: tuple[str, ...] = ()
    method: str
    path: str
    headers: Mapping[str, str] = Field(default_factory=dict)
    body: str
    size: int


class _Original(FrozenModel):
    """A rejected webhook as it came, for its replay."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str


def read_original(record: bytes) -> Webhook:
    """Return a rejected webhook from its opened record."""
    original = _Original.model_validate_json(record)
    return Webhook(original.method, original.url, original.headers, base64.b64decode(original.body))


class KeptWebhooks:
    """Accepted webhooks of each session, and rejected ones; with 0 hours none are kept."""

    def __init__(self, redis: Redis, hours: float = 0.0) -> None:
        self._redis = redis
        self._milliseconds = int(hours * _HOUR_MS)

    @property
    def is_on(self) -> bool:
        """True if webhooks are kept."""
        return self._milliseconds > 0

    async def add(self, session: str, webhook: KeptWebhook) -> None:
        """Keep an accepted webhook with the session of its messages, unless that was erased meanwhile."""
        sealed = await self._seal(session, webhook.model_dump_json())
        script = lua.load_script("keep_webhook", ProtocolLimits())
        limits = (_MAX_PER_SESSION, self._oldest(), self._milliseconds)
        await script(self._redis, [session, sealed, *limits])

    async def find(self, session: str, message: str) -> KeptWebhook | None:
        """Return the webhook that brought a message; `None` if it is not kept."""
        async for _, record in self._read(session_key(session, ":webhooks"), session):
            kept = KeptWebhook.model_validate_json(record)
            if message in kept.messages:
                return kept
        return None

    async def add_rejected(self, webhook: Webhook) -> str:
        """Keep a rejected webhook whole; return the ID for its replay, or an empty one if it is too large."""
        if len(webhook.body) > MAX_BYTES or not self.is_on:
            return ""
        name = uuid4().hex
        original = _Original(
            method=webhook.method,
            url=webhook.url,
            headers=webhook.headers,
            body=base64.b64encode(webhook.body).decode(),
        )
        row: dict[Any, Any] = {"id": name, "webhook": await self._seal(REJECTED, original.model_dump_json())}
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.xadd(REJECTED, row, maxlen=_MAX_REJECTED, approximate=False)
            pipeline.xtrim(REJECTED, minid=self._oldest(), approximate=False)
            pipeline.pexpire(REJECTED, self._milliseconds)
            await pipeline.execute()
        return name

    async def find_rejected(self, name: str) -> Webhook | None:
        """Return a rejected webhook; `None` if it is not kept any more."""
        async for fields, record in self._read(REJECTED, REJECTED):
            if fields.get(b"id") == name.encode():
                return read_original(record)
        return None

    async def rejected_ids(self) -> Sequence[str]:
        """Return the IDs of the rejected webhooks that are kept, oldest first."""
        return [fields[b"id"].decode() async for fields, _ in self._read(REJECTED, REJECTED)]

    async def _seal(self, place: str, record: str) -> bytes:
        return (await cipher_of(self._redis).sealer()).record(place, record.encode(), NOTHING)

    async def _read(self, key: str, place: str) -> AsyncIterator[tuple[Mapping[bytes, bytes], bytes]]:
        """Yield the fields and the opened record of each entry within the retention."""
        rows: Any = await self._redis.xrange(key, min=self._oldest()) if self.is_on else ()
        for _, fields in rows:
            yield fields, await cipher_of(self._redis).open(place, fields[b"webhook"])

    def _oldest(self) -> str:
        return str(int(time() * 1000) - self._milliseconds)
