"""Versions of the flows in use: the digest of their files, and since when each was seen."""

from __future__ import annotations

from time import time
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis

_MOST_VERSIONS: Final = 20
_RETENTION_SECONDS: Final = 365 * 86_400


class FlowVersion(NamedTuple):
    """A version, and when it was seen first."""

    digest: str
    since_ms: int


class FlowVersions:
    """The last versions of each flow, newest first; one that comes back has the time of its return."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def record(self, flow: str, digest: str) -> list[FlowVersion]:
        """Record the present version if the last one was another; return the versions."""
        key = f"tg:flow_versions:{flow}"
        rows: Any = await self._redis.zrevrange(key, 0, _MOST_VERSIONS - 1, withscores=True)
        versions = [FlowVersion(member.decode(), int(score)) for member, score in rows]
        if versions and versions[0].digest == digest:
            return versions
        present = FlowVersion(digest, int(time() * 1000))
        async with self._redis.pipeline() as pipeline:
            pipeline.zadd(key, {digest: present.since_ms})
            pipeline.zremrangebyrank(key, 0, -_MOST_VERSIONS - 1)
            pipeline.expire(key, _RETENTION_SECONDS)
            await pipeline.execute()
        return [present, *(each for each in versions if each.digest != digest)][:_MOST_VERSIONS]
