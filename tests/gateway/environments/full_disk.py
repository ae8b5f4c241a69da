"""Full disk for the embedded server: the system refuses writes that would make its files longer.

The limit is that of the process on the size of its files (RLIMIT_FSIZE), for which nobody has to be root.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from gateway.redis.server.embedded_server import EmbeddedRedis, find_server_binary

needs_limits = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prlimit is Linux's")


def make_server(folder: Path, *, durable: bool = True) -> EmbeddedRedis:
    """Return a server that gets an error from a full disk; the signal of the limit would end it."""
    program = folder / "server"
    program.write_text(f"#!/bin/sh\ntrap '' XFSZ\nexec {find_server_binary()} \"$@\"\n", encoding="utf-8")
    program.chmod(0o755)
    return EmbeddedRedis(folder / "data", durable=durable, binary=str(program))


async def fill_disk(redis: Redis, folder: Path) -> None:
    """Let no file of the server grow any more."""
    await _limit(redis, _longest_file(folder))


async def make_room(redis: Redis) -> None:
    """Take the limit away."""
    await _limit(redis, resource.RLIM_INFINITY)


def _longest_file(folder: Path) -> int:
    return max(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.suffix != ".log")


async def _limit(redis: Redis, size: int) -> None:
    pid = int((await redis.info("server"))["process_id"])
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
