"""Counters, and the waiting and running work, as recorded in Redis for all processes."""

from __future__ import annotations

from collections.abc import Sequence
from time import time
from typing import Any, NamedTuple

from redis.asyncio import Redis

from gateway.redis import lua, rq_layout
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.processes.counters import Counters, parse_counters

MEASURED_SESSIONS = 1_000
"""Sessions whose mailboxes are looked at, those that wait longest first."""

_MAX_ACCOUNTS = 1_000
_DAY_SECONDS = 86_400


class Load(NamedTuple):
    """The counters since the beginning, and the present load.

    `mailbox_messages` and `longest_mailbox` are those of the `MEASURED_SESSIONS` sessions that wait longest.
    `open_breakers` are accounts, `tokens_today` those of the language model by account, on a day in UTC.
    """

    counters: Counters
    queued_jobs: int
    running_jobs: int
    due_sessions: int
    open_breakers: Sequence[str]
    dead_letters: int
    scheduled_messages: int
    desk_sessions: int
    oldest_unanswered_seconds: float
    unanswered_sessions: int
    mailbox_messages: int
    longest_mailbox: int
    workers: int
    tokens_today: dict[str, int]


async def read_load(redis: Redis) -> Load:
    """Read all of it in few round trips, whose answers are bounded."""
    script = lua.load_script("measure", ProtocolLimits())
    now_ms, oldest_ms, sessions, messages, longest, workers = await script(redis, [MEASURED_SESSIONS])
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.hgetall("tg:counts")
        pipeline.llen(rq_layout.queue_key())
        pipeline.zcount(rq_layout.started_jobs_key(), time(), "+inf")
        pipeline.zcard("tg:due")
        pipeline.zrange("tg:paused", 0, _MAX_ACCOUNTS - 1)
        pipeline.xlen("tg:dead")
        pipeline.zcard("tg:schedule")
        pipeline.zcard("tg:desk")
        answers: list[Any] = await pipeline.execute()
    counts, queued, running, due, paused, dead, scheduled, desk = answers
    counters = parse_counters(counts)
    spenders = sorted({each.account for each in counters.classes if each.name == "tokens"})[:_MAX_ACCOUNTS]
    return Load(
        counters=counters,
        queued_jobs=queued,
        running_jobs=running,
        due_sessions=due,
        open_breakers=[account.decode() for account in paused],
        dead_letters=dead,
        scheduled_messages=scheduled,
        desk_sessions=desk,
        oldest_unanswered_seconds=max(now_ms - oldest_ms, 0) / 1000 if oldest_ms else 0.0,
        unanswered_sessions=sessions,
        mailbox_messages=messages,
        longest_mailbox=longest,
        workers=workers,
        tokens_today=await _read_tokens(redis, spenders, now_ms // 1000 // _DAY_SECONDS),
    )


async def _read_tokens(redis: Redis, accounts: Sequence[str], day: int) -> dict[str, int]:
    if not accounts:
        return {}
    stored: Any = await redis.mget([f"tg:spent_tokens:{day}:{account}" for account in accounts])
    return {account: int(number or 0) for account, number in zip(accounts, stored, strict=True)}
