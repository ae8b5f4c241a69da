"""Lease of a session that is taken over from its worker, so that its records can be changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from redis.asyncio import Redis

from gateway.redis import lua, rq_layout
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.session_keys import session_key

_POLL_SECONDS: Final = 0.05


@asynccontextmanager
async def seized_lease(
    redis: Redis, limits: ProtocolLimits, session: str, seconds: float
) -> AsyncIterator[None]:
    """Hold the session's lease, so that no worker writes an older state back; then enqueue its work.

    A worker has `seconds` to finish its turn; after them the lease is taken over.
    """
    seize = lua.load_script("seize", limits)
    nonce, fence = lua.new_nonce(), None
    waits = int(seconds / _POLL_SECONDS)
    for number in range(waits + 1):
        force = "1" if number == waits else ""
        fence = await seize(redis, [rq_layout.current_timestamp(), session, nonce, force])
        if fence or not await redis.exists(session_key(session)):
            break
        await asyncio.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        if fence:
            release = lua.load_script("release", limits)
            if await release(redis, [session, fence]) == 0:
                pass_on = lua.load_script("pass_on", limits)
                await pass_on(redis, [rq_layout.current_timestamp(), session, fence])
