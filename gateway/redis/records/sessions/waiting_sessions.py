"""Sessions that wait for their next try after a failed one."""

from __future__ import annotations

from redis.asyncio import Redis

from gateway.redis import lua, rq_layout
from gateway.redis.lua import ProtocolLimits


async def try_now(redis: Redis, session: str) -> bool:
    """Let a worker try a session again that waits; return whether it has waited."""
    arguments = [rq_layout.current_timestamp(), session]
    return bool(await lua.load_script("try_session", ProtocolLimits())(redis, arguments))
