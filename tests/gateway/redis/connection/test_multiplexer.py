"""Concurrent calls on one connection: each gets its own answer, and a failure leaves no caller waiting."""

from __future__ import annotations

import asyncio

import pytest
from redis.exceptions import RedisError, ResponseError

from gateway.redis.connection.connect import open_redis
from gateway.redis.connection.multiplexer import MultiplexedRedis


async def test_every_caller_gets_the_answer_to_its_own_call(redis_url: str) -> None:
    client = shared(redis_url)
    answers = await asyncio.gather(*(client.execute_multiplexed("ECHO", number) for number in range(500)))
    clients = await client.client_list()
    await client.aclose()

    assert answers == [str(number).encode() for number in range(500)]
    assert len(clients) < 10


async def test_an_error_reaches_its_own_caller_only(redis_url: str) -> None:
    client = shared(redis_url)
    calls = [client.execute_multiplexed("NOSUCH"), client.execute_multiplexed("ECHO", "a")]
    first = await asyncio.gather(*calls, return_exceptions=True)
    with pytest.raises(UnicodeEncodeError):
        await client.execute_multiplexed("ECHO", "\ud800")
    again = await client.execute_multiplexed("ECHO", "b")
    await client.aclose()

    assert isinstance(first[0], ResponseError)
    assert (first[1], again) == (b"a", b"b")


async def test_a_cancelled_caller_does_not_shift_the_answers_of_others(redis_url: str) -> None:
    client = shared(redis_url)
    await client.execute_multiplexed("PING")
    impatient = asyncio.create_task(client.execute_multiplexed("ECHO", "gone"))
    others = [asyncio.create_task(client.execute_multiplexed("ECHO", number)) for number in range(5)]
    await asyncio.sleep(0)
    impatient.cancel()
    answers = await asyncio.gather(*others)
    await client.aclose()

    assert answers == [str(number).encode() for number in range(5)]


async def test_a_connection_closed_by_the_server_is_reopened(redis_url: str) -> None:
    client = shared(redis_url)
    answer_before = await client.execute_multiplexed("CLIENT", "ID")
    await client.client_kill_filter(_id=str(answer_before))
    answer = await client.execute_multiplexed("ECHO", "a")
    await client.aclose()

    assert answer == b"a"


async def test_all_callers_get_an_error_when_the_server_does_not_answer() -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    client = shared(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", seconds=0.2)
    calls = [client.execute_multiplexed("ECHO", number) for number in range(3)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    await client.aclose()
    server.close()
    await server.wait_closed()

    assert [isinstance(answer, RedisError) for answer in answers] == [True] * 3


def shared(url: str, seconds: float = 5.0) -> MultiplexedRedis:
    client = open_redis(url, timeout=seconds)
    assert isinstance(client, MultiplexedRedis)
    return client
