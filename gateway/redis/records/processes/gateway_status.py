"""Figures of the whole gateway at one moment, for the console: read from counters, without scanning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from redis.asyncio import Redis

from core.model import FrozenModel
from gateway.redis import rq_layout

_MAX_ACCOUNTS: Final = 200
_MAX_WORKERS: Final = 200
_ALIVE_MS: Final = 5_000
_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000


class PausedAccount(FrozenModel):
    """An account whose circuit breaker is open: the error, and when its next send is tried."""

    account: str
    reason: str = ""
    next_try_ms: int = 0
    openings: int = 0


class WorkerRow(FrozenModel):
    """A worker and the time of its last heartbeat."""

    name: str
    seen_ms: int
    is_alive: bool


class GatewayStatus(FrozenModel):
    """Counts of waiting work, failures and workers. `now_ms` is the server's time."""

    now_ms: int
    queued_jobs: int = 0
    due_sessions: int = 0
    overdue_ms: int = 0
    with_agents: int = 0
    longest_with_agents_ms: int = 0
    dead_letters: int = 0
    rejected_webhooks: int = 0
    silenced: int = 0
    active_minutes: int = 0
    active_day: int = 0
    paused: tuple[PausedAccount, ...] = ()
    workers: tuple[WorkerRow, ...] = ()

    @property
    def alive_workers(self) -> int:
        """Number of workers that send heartbeats."""
        return sum(each.is_alive for each in self.workers)


async def read_status(redis: Redis) -> GatewayStatus:
    """Read all figures in two round trips, whatever the number of sessions."""
    seconds, microseconds = await redis.time()
    now = int(seconds) * 1000 + int(microseconds) // 1000
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.llen(rq_layout.queue_key())
        pipeline.zcard("tg:due")
        pipeline.zrange("tg:due", 0, 0, withscores=True)
        pipeline.zcard("tg:desk")
        pipeline.zrange("tg:desk", 0, 0, withscores=True)
        pipeline.xlen("tg:dead")
        pipeline.xlen("tg:quarantine")
        pipeline.zcard("tg:silenced")
        pipeline.zcount("tg:conversations", now - 5 * _MINUTE_MS, "+inf")
        pipeline.zcount("tg:conversations", now - _DAY_MS, "+inf")
        pipeline.zrange("tg:paused", 0, _MAX_ACCOUNTS - 1, withscores=True)
        pipeline.hgetall("tg:reasons")
        pipeline.hgetall("tg:failures")
        pipeline.zrevrange("tg:workers", 0, _MAX_WORKERS - 1, withscores=True)
        answers: list[Any] = await pipeline.execute()
    (queued, due, first_due, agents, first_agent, dead, rejected, silenced, minutes, day) = answers[:10]
    paused, reasons, failures, workers = answers[10:]
    return GatewayStatus(
        now_ms=now,
        queued_jobs=queued,
        due_sessions=due,
        overdue_ms=max(0, now - int(first_due[0][1])) if first_due else 0,
        with_agents=agents,
        longest_with_agents_ms=max(0, now - int(first_agent[0][1])) if first_agent else 0,
        dead_letters=dead,
        rejected_webhooks=rejected,
        silenced=silenced,
        active_minutes=minutes,
        active_day=day,
        paused=_decode_paused(paused, reasons, failures),
        workers=tuple(
            WorkerRow(name=name.decode(), seen_ms=int(score), is_alive=score >= now - _ALIVE_MS)
            for name, score in workers
        ),
    )


def _decode_paused(
    paused: Sequence[tuple[bytes, float]], reasons: Mapping[bytes, bytes], failures: Mapping[bytes, bytes]
) -> tuple[PausedAccount, ...]:
    return tuple(
        PausedAccount(
            account=name.decode(),
            reason=reasons.get(name, b"").decode(),
            next_try_ms=int(score),
            openings=int(failures.get(name, 0)),
        )
        for name, score in paused
    )
