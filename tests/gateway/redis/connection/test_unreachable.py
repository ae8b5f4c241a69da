"""Unreachable servers: the error names the cause, in every kind of client."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.local.loopback import find_free_port
from gateway.redis.connection.connect import open_redis, open_sync_redis
from gateway.redis.connection.outages.error_messages import describe_redis_error
from gateway.redis.connection.pipelining.multiplexer import multiplexed_call
from gateway.redis.server.embedded_server import EmbeddedRedis


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of loopback that refuses connections: it is bound, and nothing listens on it."""
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def server_port(tmp_path: Path) -> Iterator[int]:
    """The port of a single Redis server."""
    server = EmbeddedRedis(tmp_path / "redis", durable=False)
    server.start()
    port = find_free_port()
    with closing(open_sync_redis(server.url)) as redis:
        redis.config_set("port", port)
    yield port
    server.stop()


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("redis://127.0.0.1:{port}", "nothing listens at the host and port"),
        ("rediss://127.0.0.1:{port}", "nothing listens at the host and port"),
        ("redis+cluster://127.0.0.1:{port}", "nothing listens at the host and port"),
        ("redis+sentinel://127.0.0.1:{port}/primary", "No Sentinel in REDIS_URL can be reached"),
        ("redis://redis.invalid", "host name in REDIS_URL cannot be resolved"),
        ("unix:///nowhere/redis.sock", "The socket in REDIS_URL does not exist"),
    ],
)
async def test_the_cause_is_named_by_both_clients(url: str, cause: str, closed_port: int) -> None:
    url = url.format(port=closed_port)
    async with aclosing(open_redis(url)) as redis:
        with pytest.raises((RedisError, OSError)) as error:
            await redis.ping()
    assert cause in describe_redis_error(error.value)

    with closing(open_sync_redis(url)) as sync, pytest.raises((RedisError, OSError)) as error:
        sync.ping()
    assert cause in describe_redis_error(error.value)


async def test_a_server_of_another_role_is_named(server_port: int) -> None:
    for url, cause in (
        (f"redis://127.0.0.1:{server_port}/99", "has no database of the number"),
        (f"redis+sentinel://127.0.0.1:{server_port}/primary", "is no Sentinel"),
        (f"redis+cluster://127.0.0.1:{server_port}", "is not part of a Redis Cluster"),
    ):
        async with aclosing(open_redis(url)) as redis:
            with pytest.raises((RedisError, OSError)) as error:
                await redis.ping()
        assert cause in describe_redis_error(error.value)


async def test_another_kind_of_server_is_named() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener, ThreadPoolExecutor() as threads:
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        served = threads.submit(_answer_as_a_web_server, listener)
        async with aclosing(open_redis(url)) as redis:
            with pytest.raises((RedisError, OSError)) as error:
                await redis.ping()
        served.result()
    assert "does not speak Redis' protocol" in describe_redis_error(error.value)


def _answer_as_a_web_server(listener: socket.socket) -> None:
    with closing(listener.accept()[0]) as connection:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def test_a_server_that_is_busy_with_a_script_says_so(server_port: int) -> None:
    url = f"redis://127.0.0.1:{server_port}"
    async with aclosing(open_redis(url)) as redis, aclosing(open_redis(url)) as other:
        await redis.config_set("lua-time-limit", 1)
        script = asyncio.ensure_future(multiplexed_call(other)("EVAL", "while true do end", 0))
        async with asyncio.timeout(10):
            while (problem := await find_problem(redis)) == "":  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # the server offers no event
        await redis.script_kill()
        with pytest.raises(RedisError):
            await script
    assert "busy with a script of another program" in problem


async def find_problem(redis: Redis) -> str:
    try:
        await redis.ping()
    except RedisError as error:
        return describe_redis_error(error)
    return ""
