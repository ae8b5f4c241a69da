"""Lease renewal during the work under a lease."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from core.errors import LeaseLost
from core.model import TurnReceived
from core.ports import Commit
from gateway.redis.inbox import RedisInbox
from gateway.redis.mailbox import RedisMailbox
from tests.fakes import turn


async def test_renewing_a_lease_that_is_being_released_is_not_a_loss(redis: Redis) -> None:
    mailbox = RedisMailbox(redis)
    await RedisInbox(redis).accept([TurnReceived(turn=turn(1))])
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
    await RedisInbox(redis).accept([TurnReceived(turn=turn(1))])
    claim = await mailbox.claim("fake:1")
    assert claim is not None

    async def work() -> None:
        async with mailbox.keep_lease_alive(claim.lease):
            await redis.hset("tg:{fake:1}", "fence", 9)
            await mailbox._leases._renew_all()

    with pytest.raises(LeaseLost):
        await work()
    await mailbox.aclose()
