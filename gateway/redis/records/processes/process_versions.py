"""Versions of the processes that share a server, and the format of what they store.

The format is one number for everything in Redis that another process reads: keys, fields, scripts, job
arguments, stored state. It is raised when the release before could not read what this one writes. Two
releases whose formats differ by one run side by side, so that an upgrade or a rollback needs no stop.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import ConfigurationError
from gateway.redis import lua, rq_layout
from gateway.redis.connection.outages.retry_loop import run_forever
from gateway.redis.lua import ProtocolLimits

FORMAT = 1
MAX_DISTANCE = 1
_KEY = "tg:processes"
_FORGET_MS = 60_000
_RQ_PREFIX = "rq"
ANNOUNCE_SECONDS = 10.0
"""Seconds between two announcements; a process counts as gone after six missed announcements."""


@dataclass(frozen=True, slots=True)
class ProcessVersion:
    """A process: `web` or `worker`, its host and process ID, release, stored format, flow and partitions.

    `rq_prefix` begins the keys of RQ that it uses.
    """

    role: str
    host: str
    pid: int
    release: str
    format: int
    flow: str
    partitions: int = 1
    rq_prefix: str = _RQ_PREFIX

    @property
    def name(self) -> str:
        """Role, host and process ID."""
        return f"{self.role} {self.host}:{self.pid}"


def describe_this_process(role: str, flow: str, partitions: int = 1) -> ProcessVersion:
    """Return this process with its release; `flow` is the flow's name and a digest of its document."""
    place = socket.gethostname(), os.getpid()
    release = version("turngate")
    return ProcessVersion(role, *place, release, FORMAT, flow, partitions, rq_layout.KEY_PREFIX)


async def admit(redis: Redis, own: int = FORMAT) -> None:
    """Record this release's format. Raises `ConfigurationError` if the stored one is too far from it."""
    script = lua.load_script("admit_format", ProtocolLimits())
    if reason := describe_distance(int(await script(redis, [own, MAX_DISTANCE])), own):
        raise ConfigurationError(reason)


async def read_format(redis: Redis) -> int:
    """Return the newest format that a process was admitted with; 0 where none was."""
    return int(await redis.get("tg:format") or 0)


def describe_distance(newest: int, own: int = FORMAT) -> str:
    """Return why a release with the format `own` cannot run on the stored data; empty if it can."""
    if not newest or abs(newest - own) <= MAX_DISTANCE:
        return ""
    this = f"Turngate {version('turngate')} stores format {own}"
    if newest > own:
        return (
            f"{this}, but the data in Redis was written in format {newest}, which it cannot read. "
            f"Start a release with format {newest - 1} or newer, or restore a backup from before the upgrade."
        )
    return (
        f"{this}, but the data in Redis is still in format {newest}. "
        f"Upgrade release by release: run one with format {newest + 1} first."
    )


async def announce(redis: Redis, process: ProcessVersion) -> None:
    """Record that a process runs, and remove those that announced nothing for a minute."""
    seconds, microseconds = await redis.time()
    now = seconds * 1000 + microseconds // 1000
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.zadd(_KEY, {_encode(process): now})
        pipeline.zremrangebyscore(_KEY, "-inf", now - _FORGET_MS)
        pipeline.pexpire(_KEY, _FORGET_MS)
        await pipeline.execute()


async def keep_announcing(redis: Redis, process: ProcessVersion) -> None:
    """Announce a process until cancelled, then remove it."""
    try:
        await run_forever(
            lambda: announce(redis, process), ANNOUNCE_SECONDS, "announcement of this process's version"
        )
    finally:
        with suppress(RedisError, OSError):
            await withdraw(redis, process)


async def withdraw(redis: Redis, process: ProcessVersion) -> None:
    """Remove a process that stops."""
    await redis.zrem(_KEY, _encode(process))


async def read_processes(redis: Redis) -> list[ProcessVersion]:
    """Return the processes that announced themselves within the last minute, by name."""
    seconds, _ = await redis.time()
    entries: list[Any] = await redis.zrangebyscore(_KEY, seconds * 1000 - _FORGET_MS, "+inf")
    return sorted(map(_decode, entries), key=lambda each: each.name)


def _decode(entry: bytes) -> ProcessVersion:
    """Decode an announcement; fields that a later release has added are left out."""
    fields = json.loads(entry)
    return ProcessVersion(**{name: fields[name] for name in ProcessVersion.__slots__ if name in fields})


def _encode(process: ProcessVersion) -> str:
    fields = {name: getattr(process, name) for name in ProcessVersion.__slots__}
    for name, usual in (("partitions", 1), ("rq_prefix", _RQ_PREFIX)):
        if fields[name] == usual:  # the release before does not know this field
            del fields[name]
    return json.dumps(fields, sort_keys=True)
