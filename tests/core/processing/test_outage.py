"""A provider that is down for twenty minutes, in simulated time (guarantee L14)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Collection
from datetime import datetime
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from core.errors import Unavailable, Unknown
from core.model import Reply, SentMessage, TurnReceived
from core.processing import ProcessingLimits
from gateway.redis import rq_layout
from gateway.redis.lua import ProtocolLimits
from gateway.redis.sweeper import Sweeper
from tests.core.rig import Rig
from tests.effort import FULL
from tests.fakes import FakeChannel, build_turn

OUTAGE = 20 * 60.0
GRACE = 120.0
WARM_UP = 60.0
_SHIFT = """
local time, first = redis.call('TIME'), redis.call('ZRANGE', 'tg:due', 0, 0, 'WITHSCORES')[2]
local shift = tonumber(ARGV[1])
if first then shift = math.max(shift, math.ceil(first - time[1] * 1000 - time[2] / 1000)) end
for _, name in ipairs({'tg:due', 'tg:paused'}) do
  local rows = redis.call('ZRANGE', name, 0, -1, 'WITHSCORES')
  for i = 1, #rows, 2 do redis.call('ZADD', name, rows[i + 1] - shift, rows[i]) end
end
return shift
"""


class Clock:
    """Simulated time: to let it pass, everything that is due is moved towards the past."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.now = 0.0

    async def pass_time(self) -> None:
        """Let a second pass, or the time until something is due."""
        self.now += int(await self._redis.eval(_SHIFT, 0, "1000")) / 1000


class DownChannel(FakeChannel):
    """Provider that answers nothing but 503 until `OUTAGE` has passed, and records when it is called."""

    def __init__(self, clock: Clock, retry_after: float | None) -> None:
        super().__init__()
        self.clock = clock
        self.retry_after = retry_after
        self.calls: list[float] = []
        self.sent_at: dict[str, float] = {}

    async def send(self, reply: Reply, http: object) -> SentMessage:
        self._answer(Unknown("503", retry_after=self.retry_after))
        self.sent_at[reply.body] = self.clock.now
        return await super().send(reply, http)

    async def find_sent(
        self, reply: Reply, http: object, *, since: datetime, known: Collection[str]
    ) -> SentMessage | None:
        self._answer(Unavailable("503", retry_after=self.retry_after))
        return await super().find_sent(reply, http, since=since, known=known)

    def _answer(self, error: Unknown | Unavailable) -> None:
        self.calls.append(self.clock.now)
        if self.clock.now < OUTAGE:
            raise error


async def process_jobs(redis: Redis, rig: Rig) -> None:
    """Process every queued job, many at a time as a worker does."""
    while jobs := await cast("Awaitable[Any]", redis.lpop(rq_layout.queue_key(), 50)):
        calls = [await cast("Awaitable[Any]", redis.hget(f"rq:job:{job.decode()}", "data")) for job in jobs]
        await asyncio.gather(*(rig.process(json.loads(data)[2][0]) for data in calls))


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("people", "retry_after"),
    [(1, None), (1, 90.0), (3, None), (3, 20.0), (20, None), (1_000 if FULL else 40, None)],
)
async def test_an_outage_of_twenty_minutes_costs_nobody_a_reply(
    redis: Redis, people: int, retry_after: float | None
) -> None:
    clock = Clock(redis)
    limits = ProtocolLimits()
    channel = DownChannel(clock, retry_after)
    rig = Rig(redis, ProcessingLimits(), protocol=limits, channel=channel)
    sweeper = Sweeper(redis, limits)
    for person in range(people):
        await rig.inbox.accept([TurnReceived(turn=build_turn(1, f"s{person}", f"first of {person}"))])
    await process_jobs(redis, rig)
    for person in range(people):
        await rig.inbox.accept([TurnReceived(turn=build_turn(2, f"s{person}", f"second of {person}"))])

    while len(channel.sent_replies) < 2 * people and clock.now < OUTAGE + GRACE:
        await clock.pass_time()
        await sweeper.sweep()
        await process_jobs(redis, rig)

    for person in range(people):
        bodies = [body for body in channel.bodies if body.endswith(f" of {person}")]
        assert bodies == [f"1: first of {person}", f"2: second of {person}"]
    assert await redis.xlen("tg:dead") == 0
    assert sum(WARM_UP < at < OUTAGE for at in channel.calls) <= OUTAGE - WARM_UP
    await rig.mailbox.aclose()
