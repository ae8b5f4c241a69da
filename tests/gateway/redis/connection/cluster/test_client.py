"""A real Redis Cluster: the client finds its partition, and no step is half done while the slot moves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis
from redis.exceptions import MovedError, RedisError

from core.errors import ConfigurationError
from core.model import Address, Turn, TurnReceived
from core.ports import AcceptResult
from gateway.local.loopback import find_free_port
from gateway.redis.connection.checks.server_checks import check_server
from gateway.redis.connection.cluster.partition import Partition
from gateway.redis.connection.connect import open_redis, open_sync_redis
from gateway.redis.connection.outages.error_messages import describe_redis_error
from gateway.redis.connection.pipelining.multiplexer import multiplexed_call
from gateway.redis.connection.replication import ReplicaConfirmation
from gateway.redis.inbox import RedisInbox
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.storm.servers.cluster_group import ClusterGroup, running_cluster

SLOT = Partition().slot
SESSIONS = 5


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterGroup]:
    with TemporaryDirectory(prefix="tg") as folder:
        group = ClusterGroup(Path(folder), primaries=2, replicas=0)
        asyncio.run(group.start())
        yield group
        group.stop()


def build_message(number: int) -> TurnReceived:
    address = Address(channel="fake", account="1", ours="us", theirs="them")
    return TurnReceived(
        turn=Turn(session=f"fake:{number % SESSIONS}", id=f"t{number}", text="hi", address=address)
    )


async def find_other_primary(cluster: ClusterGroup) -> int:
    owner = await cluster.find_owner(SLOT)
    return next(port for port in cluster.ports if port != owner)


async def test_both_clients_follow_the_slot_to_another_primary(cluster: ClusterGroup) -> None:
    async with open_redis(cluster.url) as redis:
        with open_sync_redis(cluster.url) as blocking:
            await redis.set("tg:a", "1")
            for _ in range(2):
                await cluster.move_slot(SLOT, await find_other_primary(cluster))

                assert await redis.get("tg:a") == blocking.get("tg:a") == b"1"
                async with redis.pipeline(transaction=True) as pipeline:
                    pipeline.get("tg:a")
                    pipeline.exists("tg:a", "tg:b")
                    assert await pipeline.execute() == [b"1", 1]
                assert [key async for key in redis.scan_iter("tg:*")] == [b"tg:a"]
                assert list(blocking.scan_iter()) == [b"tg:a"]


async def test_a_server_that_is_gone_again_is_not_connected_to(cluster: ClusterGroup) -> None:
    gone = MovedError(f"{SLOT} 127.0.0.1:{find_free_port()}")
    async with open_redis(cluster.url) as redis:
        with open_sync_redis(cluster.url) as blocking:
            await redis.set("tg:a", "1")
            for client in (redis, blocking):
                owner = client.connection_pool.connection_kwargs["owner"]
                owner.record_error(gone)
            await redis.connection_pool.disconnect()

            assert await redis.get("tg:a") == blocking.get("tg:a") == b"1"


@pytest.mark.long
async def test_a_former_primary_that_is_cut_off_from_the_cluster_is_left() -> None:
    async with running_cluster(primaries=2, replicas=0) as group, open_redis(group.url) as redis:
        cut_off = await group.find_owner(SLOT)
        other = await find_other_primary(group)
        with open_sync_redis(group.url) as blocking:
            await redis.set("tg:a", "1")
            assert await multiplexed_call(redis)("GET", "tg:a") == b"1"
            assert blocking.get("tg:a") == b"1"
            names = {port: await run_on(port, "CLUSTER", "MYID") for port in group.ports}
            await run_on(cut_off, "CONFIG", "SET", "cluster-require-full-coverage", "yes")
            await run_on(cut_off, "CLUSTER", "FORGET", names[other])
            await run_on(other, "CLUSTER", "FORGET", names[cut_off])
            await run_on(other, "CLUSTER", "ADDSLOTS", SLOT)
            async with asyncio.timeout(20):
                while b"cluster_state:ok" in await run_on(cut_off, "CLUSTER", "INFO"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)  # the server offers no event
            await run_on(other, "SET", "{p0}:tg:a", "2")

            assert await redis.get("tg:a") == blocking.get("tg:a") == b"2"
            assert await multiplexed_call(redis)("GET", "tg:a") == b"2"


async def run_on(port: int, *arguments: object) -> bytes:
    """Run a command on one node."""
    async with Redis(port=port) as client:
        client.response_callbacks.clear()
        answer: bytes = await client.execute_command(*arguments)  # type: ignore[no-untyped-call]
        return answer


async def count_stored(redis: Redis, session: str = "fake:1") -> list[int]:
    """Return how many messages the mailbox, the log and the deduplication have."""
    key = f"tg:{{{session}}}"
    return [await redis.llen(f"{key}:mail"), await redis.xlen(f"{key}:log"), await redis.zcard(f"{key}:seen")]


@pytest.mark.parametrize("is_confirmed", [False, True])
async def test_a_step_is_refused_whole_while_some_of_its_keys_are_elsewhere(
    cluster: ClusterGroup, *, is_confirmed: bool
) -> None:
    async with open_redis(cluster.url) as redis:
        await redis.flushall()
        inbox = RedisInbox(redis, confirmation=ReplicaConfirmation(redis, 0) if is_confirmed else None)
        await inbox.accept([build_message(1)])
        source, target = await cluster.find_owner(SLOT), await find_other_primary(cluster)
        await cluster.begin_move(SLOT, source, target)
        keys = await cluster.keys_in_slot(SLOT, source, 1_000)
        await cluster.move_keys([key for key in keys if key.endswith(b":log")], source, target)

        accepting = asyncio.create_task(inbox.accept([build_message(1), build_message(6)]))
        async with asyncio.timeout(10), Redis(port=source) as behind:
            before = refused = await count_refused_calls(behind)
            while refused < before + 3:
                refused = await count_refused_calls(behind)
                await asyncio.sleep(0.01)  # the server offers no event
            assert await behind.llen("{p0}:tg:{fake:1}:mail") == 1
            assert await behind.zcard("{p0}:tg:{fake:1}:seen") == 1
        await cluster.move_keys(await cluster.keys_in_slot(SLOT, source, 1_000), source, target)
        await cluster.finish_move(SLOT, source, target)

        assert await accepting == [AcceptResult.DUPLICATE, AcceptResult.NEW]
        assert await count_stored(redis) == [2, 3, 2]  # the log has the repetition, too


async def count_refused_calls(redis: Redis) -> int:
    """Return how many calls a server sent elsewhere."""
    errors = await redis.info("errorstats")
    return sum(each["count"] for name, each in errors.items() if name == "errorstat_ASK")


async def test_no_message_is_lost_while_the_slot_moves_under_load(cluster: ClusterGroup) -> None:
    async with open_redis(cluster.url) as redis:
        await redis.flushall()
        inbox, accepted, has_moved = RedisInbox(redis), set[int](), asyncio.Event()

        async def write(first: int) -> None:
            for number in range(first, 10_000, 8):
                if has_moved.is_set():
                    return
                assert await inbox.accept([build_message(number)]) == [AcceptResult.NEW]
                accepted.add(number)

        async def move() -> None:
            try:
                for _ in range(3):
                    await cluster.move_slot(SLOT, await find_other_primary(cluster), keys_per_call=5)
            finally:
                has_moved.set()

        await asyncio.gather(move(), *(write(first) for first in range(8)))

        stored = [await count_stored(redis, f"fake:{number}") for number in range(SESSIONS)]
        assert [sum(column) for column in zip(*stored, strict=True)] == [len(accepted)] * 3
        assert accepted


async def test_a_node_that_is_named_as_a_single_server_is_refused(cluster: ClusterGroup) -> None:
    async with Redis(port=await find_other_primary(cluster)) as redis:
        with pytest.raises(ConfigurationError, match=r"redis\+cluster://"):
            await check_server(redis)


async def test_a_single_server_that_is_named_as_a_cluster_is_reported(tmp_path: Path) -> None:
    server, port = EmbeddedRedis(tmp_path, durable=False), find_free_port()
    server.start()
    try:
        async with Redis.from_url(server.url) as redis:
            await redis.config_set("port", port)
        async with open_redis(f"redis+cluster://127.0.0.1:{port}") as client:
            with pytest.raises(RedisError) as refused:
                await client.ping()
    finally:
        server.stop()

    assert "is not part of a Redis Cluster" in describe_redis_error(refused.value)


@pytest.mark.long
async def test_a_replica_that_was_promoted_is_found() -> None:
    async with running_cluster() as cluster, open_redis(cluster.url) as redis:
        await redis.set("tg:a", "1")
        await redis.execute_command("WAIT", 1, 5_000)  # type: ignore[no-untyped-call]
        replacing = asyncio.create_task(cluster.replace_owner(SLOT))

        async with asyncio.timeout(60):
            found = None
            while found is None or not replacing.done():
                with suppress(RedisError, OSError):
                    found = await redis.get("tg:a")
                await asyncio.sleep(0.05)  # the server offers no event

        assert found == b"1"
        assert await replacing == await cluster.find_owner(SLOT)
