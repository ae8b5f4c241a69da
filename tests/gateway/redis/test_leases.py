"""Lease renewal during the work under a lease."""

from __future__ import annotations

from typing import Any

import pytest
import redis as sync
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from core.errors import LeaseLost
from core.model import TurnReceived
from core.ports import Commit
from gateway.redis.connection.connect import open_redis
from gateway.redis.connection.pipelining.multiplexer import MultiplexedRedis
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.mailbox import RedisMailbox
from gateway.worker.async_worker import AsyncWorker
from gateway.worker.rq_bookkeeping import RqBookkeeper
from tests.fakes import build_turn


async def test_renewing_a_lease_that_is_being_released_is_not_a_loss(redis: Redis) -> None:
    mailbox = RedisMailbox(redis)
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(1))])
    claim = await mailbox.claim("fake:1")
    assert claim is not None

    async with mailbox.keep_lease_alive(claim.lease):
        await mailbox.commit(claim.lease, Commit(turns=claim.view.turns))
        with mailbox._leases.allow_release(claim.lease):
            await redis.hdel("tg:{fake:1}", "lease")  # as release.lua does; its answer is still on the way
            await mailbox._leases._renew_all()
    await mailbox.aclose()


async def test_a_renewal_that_finds_another_holder_cancels_the_work(redis: Redis) -> None:
    mailbox = RedisMailbox(redis)
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(1))])
    claim = await mailbox.claim("fake:1")
    assert claim is not None

    async def work() -> None:
        async with mailbox.keep_lease_alive(claim.lease):
            await redis.hset("tg:{fake:1}", "fence", 9)
            await mailbox._leases._renew_all()

    with pytest.raises(LeaseLost):
        await work()
    await mailbox.aclose()


class AnswerLosingConnection:
    """A connection that is cut `times` times after the server has run a call, before its answer comes."""

    def __init__(self, redis: MultiplexedRedis, times: int) -> None:
        self._call, self.times = redis.execute_multiplexed, times

    async def __call__(self, *arguments: Any) -> Any:
        """Run a call and lose its answer."""
        answer = await self._call(*arguments)
        if self.times:
            self.times -= 1
            raise RedisConnectionError("the connection was cut")
        return answer


async def test_a_claim_whose_answer_is_lost_is_known_by_its_nonce(redis: Redis, redis_url: str) -> None:
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(1))])
    async with open_redis(redis_url) as lossy:
        assert isinstance(lossy, MultiplexedRedis)
        lossy.execute_multiplexed = AnswerLosingConnection(lossy, 1)  # type: ignore[method-assign]
        mailbox = RedisMailbox(lossy)
        claim = await mailbox.claim("fake:1")

        assert claim is not None
        assert claim.view.deaths == 0
        assert await RedisMailbox(redis).claim("fake:1") is None  # it is held
        await mailbox.commit(claim.lease, Commit(turns=claim.view.turns))
        await mailbox.aclose()


@pytest.mark.parametrize("is_late", [False, True], ids=["at once", "after the lease"])
async def test_jobs_whose_answer_is_lost_come_with_the_next_call(
    redis: Redis, redis_url: str, sync_redis: sync.Redis, is_late: bool
) -> None:
    sessions = ["fake:1", "fake:2"]
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(1, session)) for session in sessions])
    async with open_redis(redis_url) as lossy:
        assert isinstance(lossy, MultiplexedRedis)
        lossy.execute_multiplexed = AnswerLosingConnection(lossy, 2)  # type: ignore[method-assign]
        bookkeeper = RqBookkeeper(AsyncWorker(["turns"], connection=sync_redis), lossy, ProtocolLimits())
        for _ in range(2):
            with pytest.raises(RedisConnectionError):
                await bookkeeper.dequeue(lambda: 8, 0)
        await RedisInbox(redis).accept([TurnReceived(turn=build_turn(2, "fake:3"))])
        if is_late:
            for session in sessions:
                await redis.hset(f"tg:{{{session}}}", "lease", "1")
        jobs = await bookkeeper.dequeue(lambda: 8, 0)
        assert await bookkeeper.dequeue(lambda: 8, 0) == []
        claims = [
            await RedisMailbox(redis).decode_claim(job.session, job.claim_answer, job.dequeued_at)
            for job in jobs
        ]

    assert [job.session for job in jobs] == [*sessions, "fake:3"]
    assert [claim and (len(claim.view.turns), claim.view.deaths) for claim in claims] == [(1, 0)] * 3
    assert await redis.hget("tg:{fake:1}", "losses") is None
