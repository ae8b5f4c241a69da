"""Redis clients never retry a command by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from gateway.redis.connection.connect import open_async_redis, open_redis, open_sync_redis
from gateway.redis.server.embedded_server import EmbeddedRedis
from gateway.storm.servers.sentinel_group import SERVICE, SentinelGroup, running_sentinel_group


class UnresponsiveServer:
    """A server that accepts a command and never answers; it counts the commands."""

    def __init__(self) -> None:
        self.commands = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if line.startswith(b"EVALSHA"):
                self.commands += 1
            elif line.startswith(b"HELLO"):
                writer.write(b"%2\r\n+server\r\n+deaf\r\n+proto\r\n:3\r\n")
            elif line.startswith(b"CLIENT"):
                writer.write(b"+OK\r\n")
        writer.close()


@pytest.mark.parametrize("beside", [False, True], ids=["by its address", "beside RQ's own"])
async def test_a_command_whose_answer_is_lost_is_not_retried(beside: bool) -> None:
    deaf = UnresponsiveServer()
    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    redis: Redis
    if beside:
        redis = open_async_redis(SyncRedis(port=port), timeout=0.2)
    else:
        redis = open_redis(f"redis://127.0.0.1:{port}", timeout=0.2)

    with pytest.raises(RedisError):
        await redis.evalsha("0" * 40, 0)
    await redis.aclose()
    server.close()
    await server.wait_closed()
    assert deaf.commands == 1


async def test_an_async_client_uses_the_server_of_the_synchronous_one(
    redis: Redis, sync_redis: SyncRedis
) -> None:
    sync_redis.set("here", "yes")
    beside = open_async_redis(sync_redis)

    assert await beside.get("here") == b"yes"
    await beside.aclose()


async def test_both_clients_have_the_name_in_the_url(redis_url: str) -> None:
    with open_sync_redis(f"{redis_url}?client_name=bots") as blocking:
        beside = open_async_redis(blocking)
        assert await beside.client_getname() == blocking.client_getname() == "bots"
        await beside.aclose()


class Forwarder:
    """A TCP proxy to a server's socket: the one that `server` is when a connection is made."""

    def __init__(self, server: EmbeddedRedis) -> None:
        self.server = server

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_unix_connection(str(self.server.socket))
        await asyncio.gather(copy(reader, behind_writer), copy(behind_reader, writer))


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()


@pytest.fixture
async def failed_over(tmp_path: Path) -> AsyncIterator[tuple[str, Forwarder, EmbeddedRedis]]:
    """The URL of a proxy, the proxy in front of one server, and another one."""
    servers = [EmbeddedRedis(tmp_path / name, durable=False) for name in ("former", "new")]
    for server in servers:
        server.start()
    forwarder = Forwarder(servers[0])
    proxy = await asyncio.start_server(forwarder, "127.0.0.1", 0)
    yield f"redis://127.0.0.1:{proxy.sockets[0].getsockname()[1]}", forwarder, servers[1]
    proxy.close()
    for server in servers:
        server.stop()


async def test_the_new_primary_behind_one_address_is_found_though_the_former_one_still_answers(
    failed_over: tuple[str, Forwarder, EmbeddedRedis],
) -> None:
    url, forwarder, new = failed_over
    redis, blocking = open_redis(url), open_sync_redis(url)
    beside = open_async_redis(blocking)
    for client in (redis, beside):
        await client.set("a", "1")
    await asyncio.to_thread(blocking.set, "a", "1")
    async with Redis.from_url(forwarder.server.url) as direct:
        await direct.replicaof("127.0.0.1", 1)
    forwarder.server = new

    for client in (redis, beside):
        async with client.pipeline(transaction=False) as pipeline:
            pipeline.set("a", "2")
            pipeline.get("a")
            pipeline.set("b", "3")
            refused = await pipeline.execute(raise_on_error=False)
        assert [type(each) for each in refused] == [ReadOnlyError, bytes, ReadOnlyError]
        assert await client.set("a", "2")
        await client.aclose()
    with pytest.raises(ReadOnlyError):
        await asyncio.to_thread(blocking.set, "a", "2")
    assert await asyncio.to_thread(blocking.set, "a", "2")
    await asyncio.to_thread(blocking.close)


@pytest.mark.long
async def test_a_primary_that_lost_its_replicas_is_left_for_the_one_that_the_sentinel_names() -> None:
    async with running_sentinel_group() as group:
        redis, blocking = open_redis(group.url), open_sync_redis(group.url)
        clients = (redis, open_async_redis(blocking))
        for client in clients:
            await client.set("a", "1")
        await asyncio.to_thread(blocking.set, "a", "1")
        await cut_primary_off(group)

        for client in clients:
            with pytest.raises(ResponseError, match="NOREPLICAS"):
                await client.set("a", "2")
            assert await client.set("a", "2")
            await client.aclose()
        with pytest.raises(ResponseError, match="NOREPLICAS"):
            await asyncio.to_thread(blocking.set, "a", "2")
        assert await asyncio.to_thread(blocking.set, "a", "2")
        await asyncio.to_thread(blocking.close)


async def cut_primary_off(group: SentinelGroup) -> None:
    """Promote the replica without the primary's knowledge, as if both were in different networks."""
    promoted = group.replica_ports[0]
    async with (
        Redis(port=group.primary_port) as former,
        Redis(port=promoted) as other,
        Redis(port=group.sentinel_port) as sentinel,
    ):
        await former.config_set("min-replicas-to-write", 1)
        await sentinel.sentinel_remove(SERVICE)
        await other.replicaof("NO", "ONE")
        await sentinel.sentinel_monitor(SERVICE, "127.0.0.1", promoted, 1)
        async with asyncio.timeout(10):
            while (await former.info("replication"))["connected_slaves"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # the server offers no event
