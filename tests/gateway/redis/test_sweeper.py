"""The sweeper: one index finds lost jobs, crashed workers and postponed sessions."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from core.model import TurnReceived
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.redis.sweeper import Sweeper
from tests.fakes import build_turn

QUEUE = "rq:queue:turns"


async def make_overdue(redis: Redis, session: str) -> None:
    await redis.zadd("tg:due", {session: 1})


async def accept_turn(redis: Redis, *sessions: str, protocol: ProtocolLimits | None = None) -> None:
    for session in sessions:
        await RedisInbox(redis, protocol).accept([TurnReceived(turn=build_turn(1, session))])


async def test_a_job_that_is_still_queued_is_not_enqueued_again(redis: Redis) -> None:
    await accept_turn(redis, "s1", "s2")
    await make_overdue(redis, "s2")

    assert await Sweeper(redis).sweep() == 0
    assert await redis.llen(QUEUE) == 2


async def test_a_lost_job_is_enqueued_again(redis: Redis) -> None:
    await accept_turn(redis, "s1", "s2")
    await redis.lpop(QUEUE)  # a worker took it and died
    await make_overdue(redis, "s1")

    assert await Sweeper(redis).sweep() == 1
    assert await redis.llen(QUEUE) == 2


async def test_of_jobs_whose_queue_was_deleted_nothing_stays(redis: Redis) -> None:
    await accept_turn(redis, "with work", "without work")
    lost = await redis.keys("rq:job:*")
    await redis.delete(QUEUE, "tg:{without work}:mail")
    for session in ("with work", "without work"):
        await make_overdue(redis, session)
    await Sweeper(redis).sweep()

    assert [await redis.ttl(job) > 0 for job in lost] == [True, True]
    assert [await redis.ttl(job) for job in await redis.keys("rq:job:*") if job not in lost] == [-1]


async def test_a_session_under_a_valid_lease_is_not_enqueued(redis: Redis) -> None:
    await accept_turn(redis, "s1")
    await redis.lpop(QUEUE)
    await RedisMailbox(redis).claim("s1")
    await make_overdue(redis, "s1")

    assert await Sweeper(redis).sweep() == 0
    assert (await redis.zscore("tg:due", "s1") or 0) > 1


async def test_a_session_without_work_leaves_the_index(redis: Redis) -> None:
    await make_overdue(redis, "s1")

    assert await Sweeper(redis).sweep() == 0
    assert await redis.zcard("tg:due") == 0


async def test_a_postponed_session_is_enqueued_when_due_and_not_earlier(redis: Redis) -> None:
    await accept_turn(redis, "s1")
    mailbox = RedisMailbox(redis)
    claim = await mailbox.claim("s1")
    assert claim is not None
    await redis.lpop(QUEUE)
    await mailbox.postpone(claim.lease, 60.0, "the provider is down")
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(2, "s1"))])
    assert await redis.llen(QUEUE) == 0
    await make_overdue(redis, "s1")

    assert await Sweeper(redis).sweep() == 1
    assert await redis.llen(QUEUE) == 1


@pytest.mark.long
async def test_more_overdue_sessions_than_one_sweep_checks_are_all_found(redis: Redis) -> None:
    names = [f"s{number}" for number in range(450)]
    roomy = ProtocolLimits(max_jobs_per_account=1_000)
    await accept_turn(redis, *names, protocol=roomy)
    await redis.delete(QUEUE)
    await redis.zadd("tg:due", dict.fromkeys(names, 1))

    assert await Sweeper(redis, roomy).sweep() == 450


async def test_a_foreign_job_at_the_head_of_the_queue_does_not_hide_a_lost_one(redis: Redis) -> None:
    await accept_turn(redis, "s1", "s2")
    await redis.lpop(QUEUE)
    await redis.lpush(QUEUE, "somebody-elses-job")
    for session in ("s1", "s2"):
        await make_overdue(redis, session)

    assert await Sweeper(redis).sweep() == 1


async def test_of_an_erased_session_whose_job_was_queued_nothing_is_left(redis: Redis) -> None:
    await RedisMailbox(redis).claim("s1")  # a job of an erased session
    await redis.hset("tg:{s1}", "lease", 1)
    await make_overdue(redis, "s1")
    await Sweeper(redis).sweep()

    assert await redis.keys("tg:{s1}*") == []
