"""Refused webhooks, kept for a while with the reason why a provider is not heard."""

from __future__ import annotations

import asyncio
import json
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import Refused
from core.model.base import Value
from core.ports.channel import Webhook

_STREAM = "tg:quarantine"
_MOST = 500
_KEPT_MS = 7 * 86_400_000
_WRITES_A_SECOND = 10
_LONGEST = 500


class Delivery(Value):
    """What is kept of a refused webhook: its shape and our reason, nothing that its sender wrote."""

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


class Quarantine:
    """Keeps the latest refusals. It never delays an answer, and a flood of forgeries costs few writes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._second = 0
        self._written = 0
        self._writing: set[asyncio.Task[None]] = set()

    def keep(self, channel: str, refused: Refused, webhook: Webhook | None) -> None:
        """Note a refusal, soon; dropped when too many come in a second."""
        second = int(monotonic())
        if second != self._second:
            self._second, self._written = second, 0
        self._written += 1
        if self._written > _WRITES_A_SECOND:
            return
        task = asyncio.create_task(self._write(_kept(channel, refused, webhook)))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def latest(self, most: int = 50) -> list[Delivery]:
        """The latest refusals, the newest first."""
        rows: Any = await self._redis.xrevrange(_STREAM, count=most)
        return [
            Delivery.model_validate(
                {
                    **json.loads(fields[b"delivery"]),
                    "id": name.decode(),
                    "at_ms": int(name.split(b"-")[0]),
                }
            )
            for name, fields in rows
        ]

    async def drop(self) -> int:
        """Forget them all; how many there were."""
        count: int = await self._redis.xlen(_STREAM)
        await self._redis.delete(_STREAM)
        return count

    async def settled(self) -> None:
        """Wait until everything noted so far is written."""
        while self._writing:
            await asyncio.wait(self._writing)

    async def _write(self, delivery: Delivery) -> None:
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.xadd(_STREAM, {"delivery": delivery.model_dump_json()}, maxlen=_MOST)
                pipeline.pexpire(_STREAM, _KEPT_MS)
                await pipeline.execute()
        except (RedisError, OSError):
            return  # the log has the reason too


def _kept(channel: str, refused: Refused, webhook: Webhook | None) -> Delivery:
    if webhook is None:
        return Delivery(channel=channel, status=refused.status, reason=refused.reason[:_LONGEST])
    return Delivery(
        channel=channel,
        status=refused.status,
        reason=refused.reason[:_LONGEST],
        method=webhook.method,
        path=urlsplit(webhook.url).path[:_LONGEST],
        content_type=webhook.headers.get("content-type", "")[:100],
        size=len(webhook.body),
        headers=tuple(sorted(webhook.headers))[:50],
    )
