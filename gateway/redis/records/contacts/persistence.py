"""Rewrites the server's files, so that deleted data is removed from disk, too."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

_POLL_SECONDS: Final = 0.05


async def rewrite_files(redis: Redis, wait_seconds: float) -> dict[str, str]:
    """Start a rewrite of the append-only file and, where snapshots are in use, a new snapshot; wait for them.

    Returns the result for each: `rewritten`, `running` if it takes longer than the wait, or why it failed.
    The server's slow log, which quotes commands, is emptied.
    """
    end = monotonic() + wait_seconds
    with suppress(RedisError):  # a managed server may forbid it
        await redis.slowlog_reset()
    results = {}
    info: Any = await redis.info("persistence")
    if info.get("aof_enabled"):
        results["append_only_file"] = await _rewrite_append_only_file(redis, end)
    if await _uses_snapshots(redis, info):
        results["snapshot"] = await _rewrite_snapshot(redis, end)
    return results


async def _rewrite_append_only_file(redis: Redis, end: float) -> str:
    running = ("aof_rewrite_in_progress", "aof_rewrite_scheduled")
    if not await _wait_until_idle(redis, (*running, "rdb_bgsave_in_progress"), end):
        return "running"  # an earlier rewrite, which began before the deletion
    try:
        await redis.bgrewriteaof()
    except ResponseError as error:
        return f"failed: {error}"
    if not await _wait_until_idle(redis, running, end):
        return "running"
    info: Any = await redis.info("persistence")
    return "rewritten" if info.get("aof_last_bgrewrite_status") == "ok" else "failed: see the server's log"


async def _rewrite_snapshot(redis: Redis, end: float) -> str:
    running = ("rdb_bgsave_in_progress", "aof_rewrite_in_progress")
    if not await _wait_until_idle(redis, running, end):
        return "running"
    try:
        await redis.bgsave()
    except ResponseError as error:
        return f"failed: {error}"
    if not await _wait_until_idle(redis, ("rdb_bgsave_in_progress",), end):
        return "running"
    info: Any = await redis.info("persistence")
    return "rewritten" if info.get("rdb_last_bgsave_status") == "ok" else "failed: see the server's log"


async def _uses_snapshots(redis: Redis, info: Any) -> bool:
    """Return whether the server takes snapshots automatically, or has taken one since its start."""
    if int(info.get("rdb_saves", 0)):
        return True
    try:
        configured: Any = await redis.config_get("save")
    except ResponseError:  # a managed server forbids it; their snapshots are the provider's
        return False
    return bool(configured.get("save"))


async def _wait_until_idle(redis: Redis, fields: tuple[str, ...], end: float) -> bool:
    while True:
        info: Any = await redis.info("persistence")
        if not any(int(info.get(field, 0)) for field in fields):
            return True
        if monotonic() > end:
            return False
        await asyncio.sleep(_POLL_SECONDS)
