"""Sessions in which the bot is silent because of limits against floods and loops (abuse.lua)."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from core.model import FrozenModel
from gateway.redis import lua, rq_layout
from gateway.redis.lua import ProtocolLimits


class SilencedRow(FrozenModel):
    """A silent session, the limit that it exceeded, and since when."""

    session: str
    reason: str
    since_ms: int


async def list_silenced(redis: Redis, limit: int) -> list[SilencedRow]:
    """Return the sessions that are silent, the newest first."""
    rows: Any = await redis.zrevrange("tg:silenced", 0, limit - 1, withscores=True)
    async with redis.pipeline(transaction=False) as pipeline:
        for name, _ in rows:
            pipeline.hget(f"tg:{{{name.decode()}}}", "silenced")
        reasons: list[Any] = await pipeline.execute() if rows else []
    return [
        SilencedRow(session=name.decode(), reason=reason.decode(), since_ms=int(score))
        for (name, score), reason in zip(rows, reasons, strict=True)
        if reason
    ]


async def end_silence(redis: Redis, session: str) -> bool:
    """Let the bot speak again; return whether it was silent."""
    arguments = [session, rq_layout.current_timestamp()]
    return bool(await lua.load_script("end_silence", ProtocolLimits())(redis, arguments))
