"""Start and changes of a broadcast while a failover loses writes: no recipient is forgotten."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import StorageUnavailable
from gateway.broadcasts.broadcast import BroadcastState
from gateway.broadcasts.store import BroadcastAct, Broadcasts, StartResult
from gateway.redis.connection.connect import open_redis
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.lua import ProtocolLimits
from gateway.storm.servers.sentinel_group import running_sentinel_group
from tests.gateway.environments.broadcasts import SPRING, BroadcastRig, build_rows
from tests.gateway.stopped_process import StoppedCalls

ROWS = 2_500


async def test_a_broadcast_of_which_recipients_were_lost_is_not_sent(
    rig: BroadcastRig, redis_url: str
) -> None:
    async def lose_recipients() -> None:
        await rig.redis.ltrim("tg:broadcast_rows:spring", 0, 99)

    async with open_redis(redis_url) as redis:
        StoppedCalls([redis], 5, lose_recipients)  # before the second thousand, or before the end
        with pytest.raises(StorageUnavailable, match="start the broadcast again"):
            await Broadcasts(redis, ProtocolLimits()).start(SPRING, build_rows(ROWS))

    assert await rig.store.running() == []
    assert await rig.store.start(SPRING, build_rows(ROWS)) is StartResult.STARTED
    assert (await rig.progress()).total == await rig.redis.llen("tg:broadcast_rows:spring") == ROWS


async def test_nothing_is_sent_before_replicas_have_all_recipients(rig: BroadcastRig) -> None:
    confirmation = ReplicaConfirmation(rig.redis, 2, 0.05)
    confirmed = Broadcasts(rig.redis, ProtocolLimits(), [confirmation])
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="of 2 replicas"):
            await confirmed.start(SPRING, build_rows(3))

    assert await rig.store.running() == []
    await rig.store.start(SPRING, build_rows(3))
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="of 2 replicas"):
            await confirmed.change("spring", BroadcastAct.STOP)
    assert (await rig.progress()).state is BroadcastState.STOPPED  # as repeating it will confirm


@pytest.mark.long
@pytest.mark.timeout(120)
@pytest.mark.parametrize("replicas", [0, 1])
async def test_a_failover_while_recipients_are_stored_is_noticed(replicas: int) -> None:
    """Without TURNGATE_REPLICAS, too: the number of the recipients that are there tells."""
    async with running_sentinel_group(1) as group, open_redis(group.url, timeout=2.0) as redis:

        async def cut_off() -> None:
            async with Redis(port=group.primary_port) as direct:  # what was stored before is replicated
                await direct.set("tg:confirmed", "1")
                assert await direct.wait(1, 10_000) == 1
            await group.cut_replicas_off()

        async def fail_over() -> None:
            promotion = asyncio.create_task(group.fail_over())
            await group.primary_gone.wait()
            group.resume(group.replica_ports[0])
            await promotion

        confirmations = [ReplicaConfirmation(redis, replicas)] if replicas else []
        broadcasts = Broadcasts(redis, ProtocolLimits(), confirmations)
        before_second = 5 + 2 * replicas  # a script is sent twice to a server that does not know it
        StoppedCalls([redis], before_second, cut_off)
        StoppedCalls([redis], before_second + 1, fail_over)
        with pytest.raises((StorageUnavailable, RedisError)):
            await broadcasts.start(SPRING, build_rows(ROWS))
        local = Broadcasts(redis, ProtocolLimits())
        assert await local.running() == []
        assert await local.start(SPRING, build_rows(ROWS)) is StartResult.STARTED
        assert await redis.llen("tg:broadcast_rows:spring") == ROWS
