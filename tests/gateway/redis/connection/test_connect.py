"""Redis clients never retry a command by themselves."""

from __future__ import annotations

import asyncio

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.redis.connection.connect import open_async_redis, open_redis


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
