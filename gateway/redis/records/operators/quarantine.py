"""Quarantine: recently rejected webhooks with the reason, to diagnose a provider whose calls fail."""

from __future__ import annotations

import asyncio
import json
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import EncryptionKeyMissing, WebhookRefused
from core.model import FrozenModel
from core.ports import Webhook
from gateway.redis.records.operators.kept_webhooks import REJECTED, KeptWebhooks

_STREAM = "tg:quarantine"
_MAX_ENTRIES = 500
_RETENTION_MS = 7 * 86_400_000
_MAX_WRITES_PER_SECOND = 10
_MAX_FIELD_LENGTH = 500


class QuarantineEntry(FrozenModel):
    """Record of a rejected webhook: its shape and the reason; `kept` names its original, if that is kept."""

    id: str = ""
    at_ms: int = 0
    channel: str
    status: int
    reason: str
    method: str = ""
    path: str = ""
    content_type: str = ""
    size: int = 0
    headers: tuple[str, ...] = ()
    kept: str = ""


class Quarantine:
    """Keeps the latest rejections. It never delays a response, and a flood of forgeries costs few writes."""

    def __init__(self, redis: Redis, kept_webhooks: KeptWebhooks | None = None) -> None:
        """Create the quarantine; the originals are kept in `kept`, if that is on."""
        self._redis = redis
        self._kept = kept_webhooks or KeptWebhooks(redis)
        self._current_second = 0
        self._writes_this_second = 0
        self._write_tasks: set[asyncio.Task[None]] = set()

    def add(self, channel: str, error: WebhookRefused, webhook: Webhook | None) -> None:
        """Record a rejection in the background; dropped when too many arrive in one second."""
        second = int(monotonic())
        if second != self._current_second:
            self._current_second, self._writes_this_second = second, 0
        self._writes_this_second += 1
        if self._writes_this_second > _MAX_WRITES_PER_SECOND:
            return
        task = asyncio.create_task(self._write(_build_entry(channel, error, webhook), webhook))
        self._write_tasks.add(task)
        task.add_done_callback(self._write_tasks.discard)

    async def latest(self, limit: int = 50) -> list[QuarantineEntry]:
        """Return the latest rejections, newest first."""
        rows: Any = await self._redis.xrevrange(_STREAM, count=limit)
        return [
            QuarantineEntry.model_validate(
                {
                    **json.loads(fields[b"delivery"]),
                    "id": name.decode(),
                    "at_ms": int(name.split(b"-")[0]),
                }
            )
            for name, fields in rows
        ]

    async def drop(self) -> int:
        """Delete all records; return how many there were."""
        count: int = await self._redis.xlen(_STREAM)
        await self._redis.delete(_STREAM, REJECTED)
        return count

    async def wait_until_written(self) -> None:
        """Wait until everything recorded so far is written."""
        while self._write_tasks:
            await asyncio.wait(self._write_tasks)

    async def _write(self, delivery: QuarantineEntry, webhook: Webhook | None) -> None:
        try:
            if webhook is not None and (name := await self._kept.add_rejected(webhook)):
                delivery = delivery.model_copy(update={"kept": name})
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.xadd(_STREAM, {"delivery": delivery.model_dump_json()}, maxlen=_MAX_ENTRIES)
                pipeline.pexpire(_STREAM, _RETENTION_MS)
                await pipeline.execute()
        except (RedisError, OSError, EncryptionKeyMissing):
            return  # the log has the reason too


def _build_entry(channel: str, error: WebhookRefused, webhook: Webhook | None) -> QuarantineEntry:
    if webhook is None:
        return QuarantineEntry(channel=channel, status=error.status, reason=error.reason[:_MAX_FIELD_LENGTH])
    return QuarantineEntry(
        channel=channel,
        status=error.status,
        reason=error.reason[:_MAX_FIELD_LENGTH],
        method=webhook.method,
        path=urlsplit(webhook.url).path[:_MAX_FIELD_LENGTH],
        content_type=webhook.headers.get("content-type", "")[:100],
        size=len(webhook.body),
        headers=tuple(sorted(webhook.headers))[:50],
    )
