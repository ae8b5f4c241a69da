"""Versions of the flows in use: the digest of their files, since when each was seen, and its document."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from time import time
from typing import Any, Final, NamedTuple, cast

from redis.asyncio import Redis

_MOST_VERSIONS: Final = 20
_RETENTION_SECONDS: Final = 365 * 86_400
_MAX_STORED_BYTES: Final = 512_000
_MAX_DOCUMENT_BYTES: Final = 16_000_000


class FlowVersion(NamedTuple):
    """A version, when it was seen first, and whether its document is stored."""

    digest: str
    since_ms: int
    is_stored: bool = False


class FlowVersions:
    """The last versions of each flow, newest first; one that comes back has the time of its return."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def record(self, flow: str, digest: str, document: str = "") -> None:
        """Record the present version, if the last one was another, and its document, unless it is large."""
        newest = (await self.read(flow))[:1]
        packed = await asyncio.to_thread(zlib.compress, document.encode()) if document else b""
        is_storable = 0 < len(packed) <= _MAX_STORED_BYTES
        if newest and newest[0].digest == digest and newest[0].is_stored >= is_storable:
            return
        async with self._redis.pipeline() as pipeline:
            if not newest or newest[0].digest != digest:
                pipeline.zadd(_versions_key(flow), {digest: int(time() * 1000)})
            if is_storable:
                pipeline.hset(_documents_key(flow), digest, cast("Any", packed))
            pipeline.zremrangebyrank(_versions_key(flow), 0, -_MOST_VERSIONS - 1)
            for key in (_versions_key(flow), _documents_key(flow)):
                pipeline.expire(key, _RETENTION_SECONDS)
            await pipeline.execute()
        await self._forget_documents(flow)

    async def read(self, flow: str) -> list[FlowVersion]:
        """Return the versions of a flow."""
        async with self._redis.pipeline() as pipeline:
            pipeline.zrevrange(_versions_key(flow), 0, _MOST_VERSIONS - 1, withscores=True)
            pipeline.hkeys(_documents_key(flow))
            rows, stored = cast("Sequence[Any]", await pipeline.execute())
        return [FlowVersion(digest.decode(), int(score), digest in stored) for digest, score in rows]

    async def read_document(self, flow: str, digest: str) -> str:
        """Return the document of a version as JSON; empty if it is not stored."""
        packed = await cast("Any", self._redis.hget(_documents_key(flow), digest))
        if packed is None:
            return ""
        unpacking = zlib.decompressobj()
        return (await asyncio.to_thread(unpacking.decompress, packed, _MAX_DOCUMENT_BYTES)).decode()

    async def _forget_documents(self, flow: str) -> None:
        kept = {each.digest for each in await self.read(flow)}
        stored: Sequence[bytes] = await cast("Any", self._redis.hkeys(_documents_key(flow)))
        if forgotten := [each for each in stored if each.decode() not in kept]:
            await cast("Any", self._redis.hdel(_documents_key(flow), *cast("Any", forgotten)))


def _versions_key(flow: str) -> str:
    return f"tg:flow_versions:{flow}"


def _documents_key(flow: str) -> str:
    return f"tg:flow_documents:{flow}"
