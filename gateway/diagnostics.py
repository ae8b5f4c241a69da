"""What a person would check first when messages are not answered."""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import Misconfigured
from core.model.base import Value
from flows.document.flow import Flow
from gateway.bootstrap import build_dialog, load_channels
from gateway.config.settings import Settings
from gateway.redis import rq_layout as layout
from gateway.redis.connection import server_checks as fitness
from gateway.redis.connection.connect import open_redis
from gateway.redis.records import worker_presence as presence

_UNREADABLE = b"DeserializationError"
_FAILURES_LOOKED_AT = 50
_ACCOUNTS_NAMED = 20


class Finding(Value):
    """One thing that was looked at. `said` tells what was found and, where it is not well, what to do."""

    well: bool
    said: str


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything in the order in which it is needed; what cannot be looked at is left out."""
    for finding in _local(settings):
        yield finding
    if not settings.redis_url:
        yield Finding(well=True, said="Redis: none is set, so `turngate run` brings an embedded server")
        return
    async with open_redis(settings.redis_url) as redis:
        try:
            async for finding in _remote(redis):
                yield finding
        except (RedisError, OSError) as error:
            yield Finding(
                well=False,
                said=f"Redis cannot be asked ({type(error).__name__}); check REDIS_URL and the server",
            )


def _local(settings: Settings) -> list[Finding]:
    found = []
    try:
        build_dialog(settings)
        found.append(Finding(well=True, said=f"Flow {settings.flow_path.name} with model {settings.llm}"))
        warnings = Flow.load(settings.flow_path).warnings
        found += [Finding(well=False, said=f"Flow: {each.path}: {each.sentence}") for each in warnings]
    except Misconfigured as error:
        found.append(Finding(well=False, said=str(error)))
    try:
        names = ", ".join(load_channels(settings))
        said = f"Channels: {names}" if names else "Channels: no credentials are set, so Twilio is simulated"
        found.append(Finding(well=True, said=said))
    except Misconfigured as error:
        found.append(Finding(well=False, said=str(error)))
    return found


async def _remote(redis: Redis) -> AsyncIterator[Finding]:
    try:
        complaints = await fitness.examine(redis)
    except Misconfigured as error:
        yield Finding(well=False, said=str(error))
        return
    for complaint in complaints:
        yield Finding(well=False, said=complaint)
    if not complaints:
        yield Finding(well=True, said="Redis keeps what was accepted")
    alive = await presence.anyone(redis)
    yield Finding(
        well=alive,
        said="A worker is alive" if alive else "No worker is alive; start one with `turngate worker`",
    )
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.llen(layout.queue_key())
        pipeline.zcard("tg:due")
        pipeline.xlen("tg:dead")
        pipeline.zrange("tg:paused", 0, _ACCOUNTS_NAMED - 1)
        answers: list[Any] = await pipeline.execute()
    queued, due, dead, paused = answers
    yield Finding(well=True, said=f"{queued} drains are queued, {due} sessions have work")
    if dead:
        yield Finding(well=False, said=f"{dead} messages were given up; see `turngate dead list`")
    if paused:
        names = ", ".join(account.decode() for account in paused)
        yield Finding(
            well=False,
            said=f"{names}: sends fail, so the account rests between tries and replies wait; the worker's "
            "log has the provider's reason",
        )
    if unreadable := await _unreadable_jobs(redis):
        yield Finding(
            well=False,
            said=f"{unreadable} drains failed because a worker could not read them; start RQ's own worker "
            "with --serializer json",
        )


async def _unreadable_jobs(redis: Redis) -> int:
    """How many of the latest failures are those of a worker that reads pickle."""
    jobs: Any = await redis.zrevrange(f"rq:failed:{layout.QUEUE}", 0, _FAILURES_LOOKED_AT - 1)
    async with redis.pipeline(transaction=False) as pipeline:
        for job in jobs:
            pipeline.xrevrange(b"rq:results:" + job, count=1)
        results: list[Any] = await pipeline.execute() if jobs else []
    return sum(_UNREADABLE in _exception(result) for result in results)


def _exception(result: list[tuple[bytes, dict[bytes, bytes]]]) -> bytes:
    """The traceback of a job's latest result, which RQ keeps compressed; empty when there is none."""
    for _, fields in result:
        if stored := fields.get(b"exc_string"):
            return zlib.decompress(b64decode(stored))
    return b""
