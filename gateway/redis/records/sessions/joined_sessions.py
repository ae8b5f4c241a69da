"""Sessions of one contact that were joined, because a message had the names of both (resolve_names.lua)."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from gateway.redis.records.session_keys import session_key


async def read_former_sessions(redis: Redis, session: str) -> list[str]:
    """Return the sessions that were joined with this one in the last days, with all their names."""
    former: Any = await redis.smembers(session_key(session, ":former"))
    return sorted(each.decode() for each in former)


async def read_present_session(redis: Redis, session: str) -> str:
    """Return the session that the contact of a session has now: another one, if both were joined lately."""
    stored: Any = await redis.hget(f"tg:person:{session}", "session")
    present = stored.decode() if stored else session
    if present == session or session not in await read_former_sessions(redis, present):
        return session
    return str(present)
