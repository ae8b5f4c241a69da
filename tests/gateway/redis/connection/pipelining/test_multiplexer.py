"""Concurrent calls on one connection: each gets its own answer, and a failure leaves no caller waiting."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from gateway.redis.connection.connect import open_redis
from gateway.redis.connection.pipelining.multiplexer import MultiplexedRedis


async def test_every_caller_gets_the_answer_to_its_own_call(redis_url: str) -> None:
    client = open_shared(redis_url)
    answers = await asyncio.gather(*(client.execute_multiplexed("ECHO", number) for number in range(500)))
    clients = await client.client_list()
    await client.aclose()

    assert answers == [str(number).encode() for number in range(500)]
    assert len(clients) < 10


async def test_an_error_reaches_its_own_caller_only(redis_url: str) -> None:
    client = open_shared(redis_url)
    calls = [client.execute_multiplexed("NOSUCH"), client.execute_multiplexed("ECHO", "a")]
    first = await asyncio.gather(*calls, return_exceptions=True)
    with pytest.raises(UnicodeEncodeError):
        await client.execute_multiplexed("ECHO", "\ud800")
    again = await client.execute_multiplexed("ECHO", "b")
    await client.aclose()

    assert isinstance(first[0], ResponseError)
    assert (first[1], again) == (b"a", b"b")


async def test_a_cancelled_caller_does_not_shift_the_answers_of_others(redis_url: str) -> None:
    client = open_shared(redis_url)
    await client.execute_multiplexed("PING")
    impatient = asyncio.create_task(client.execute_multiplexed("ECHO", "gone"))
    others = [asyncio.create_task(client.execute_multiplexed("ECHO", number)) for number in range(5)]
    await asyncio.sleep(0)
    impatient.cancel()
    answers = await asyncio.gather(*others)
    await client.aclose()

    assert answers == [str(number).encode() for number in range(5)]


async def test_a_connection_closed_by_the_server_is_reopened(redis_url: str) -> None:
    client = open_shared(redis_url)
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
    client = open_shared(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", seconds=0.2)
    calls = [client.execute_multiplexed("ECHO", number) for number in range(3)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    await client.aclose()
    server.close()
    await server.wait_closed()

    assert [isinstance(answer, RedisError) for answer in answers] == [True] * 3


def open_shared(url: str, seconds: float = 5.0) -> MultiplexedRedis:
    client = open_redis(url, timeout=seconds)
    assert isinstance(client, MultiplexedRedis)
    return client


async def test_a_command_is_not_written_to_a_connection_that_is_closed(redis_url: str) -> None:
    client = open_shared(redis_url)
    before = await client.execute_multiplexed("CLIENT", "ID")
    assert client._multiplexer is not None
    connection = client._multiplexer._connection
    assert connection is not None
    connection._transport.close()  # connection_lost has not been called yet
    after = await client.execute_multiplexed("CLIENT", "ID")
    await client.aclose()

    assert after != before


async def test_calls_fail_when_the_connection_is_closed_and_the_next_one_reconnects(redis_url: str) -> None:
    client = open_shared(redis_url)
    await client.execute_multiplexed("PING")
    assert client._multiplexer is not None
    connection = client._multiplexer._connection
    assert connection is not None
    calls = [asyncio.create_task(client.execute_multiplexed("BLPOP", "none", 5)) for _ in range(3)]
    while not connection._pending:  # noqa: ASYNC110 - it is sent within the next iterations
        await asyncio.sleep(0)
    connection._transport.abort()
    async with asyncio.timeout(5):
        answers = await asyncio.gather(*calls, return_exceptions=True)
    again = await client.execute_multiplexed("ECHO", "a")
    await client.aclose()

    assert [isinstance(answer, RedisError) for answer in answers] == [True] * 3
    assert again == b"a"


@pytest.mark.parametrize("garbage", [b"?\r\n", b"+late answer\r\n", b"-LOADING it loads its data\r\n"])
async def test_an_answer_that_cannot_be_one_breaks_the_connection(redis_url: str, garbage: bytes) -> None:
    client = open_shared(redis_url)
    await client.execute_multiplexed("PING")
    assert client._multiplexer is not None
    connection = client._multiplexer._connection
    assert connection is not None
    call = asyncio.create_task(client._multiplexer.call(("BLPOP", "none", 5)))
    while not connection._pending:  # noqa: ASYNC110 - it is sent within the next iterations
        await asyncio.sleep(0)
    connection.data_received(b"*0\r\n" + garbage)  # its answer, and then what nobody has asked
    again = await client.execute_multiplexed("ECHO", "a")
    await client.aclose()

    assert await call == []
    assert again == b"a"
    assert not connection.is_usable


async def test_pushed_messages_are_not_answers(redis_url: str) -> None:
    client = open_shared(redis_url)
    await client.execute_multiplexed("PING")
    assert client._multiplexer is not None
    connection = client._multiplexer._connection
    assert connection is not None
    connection.data_received(b">2\r\n+invalidate\r\n+key\r\n")
    answer = await client.execute_multiplexed("ECHO", "a")
    await client.aclose()

    assert answer == b"a"


async def test_calls_larger_than_the_buffers_are_sent_one_after_the_other(redis_url: str) -> None:
    client, texts = open_shared(redis_url), [bytes([65 + number]) * 2_000_000 for number in range(20)]

    async def echo(text: bytes) -> bool:
        return await client.execute_multiplexed("ECHO", text) == text  # type: ignore[no-any-return]

    first = [asyncio.create_task(echo(text)) for text in texts[:10]]
    await asyncio.sleep(0.001)
    answers = await asyncio.gather(*first, *(echo(text) for text in texts[10:]))
    await client.aclose()

    assert answers == [True] * 20


async def test_every_call_is_answered_or_failed_while_the_server_cuts_connections(redis_url: str) -> None:
    client, killer = open_shared(redis_url), Redis.from_url(redis_url)
    await killer.ping()
    own_id = await killer.client_id()
    failed = 0
    async with asyncio.timeout(60):
        for attempt in range(60):
            calls = [asyncio.create_task(client.execute_multiplexed("ECHO", n)) for n in range(50)]
            await asyncio.sleep(0)
            for each in await killer.client_list() if attempt % 2 else ():
                if int(each["id"]) != own_id:
                    await killer.client_kill_filter(_id=each["id"])
            answers = await asyncio.gather(*calls, return_exceptions=True)
            failed += sum(isinstance(answer, RedisError) for answer in answers)
            assert all(
                answer == str(n).encode()
                for n, answer in enumerate(answers)
                if not isinstance(answer, Exception)
            )
    await client.aclose()
    await killer.aclose()

    assert failed < 60 * 50  # how many meet a cut is left to the scheduler


@pytest.mark.parametrize(
    ("refuse", "allow"),
    [
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
        (("CONFIG", "SET", "min-replicas-to-write", "1"), ("CONFIG", "SET", "min-replicas-to-write", "0")),
    ],
    ids=["read-only", "too few replicas"],
)
async def test_a_connection_to_what_may_be_a_former_primary_is_replaced(
    redis_url: str, refuse: tuple[str, ...], allow: tuple[str, ...]
) -> None:
    client = open_shared(redis_url)
    before = await client.execute_multiplexed("CLIENT", "ID")
    await client.execute_command(*refuse)  # type: ignore[no-untyped-call]
    try:
        calls = [
            client.execute_multiplexed("EVAL", "return redis.call('SET', 'a', 'b')", 0),
            client.execute_multiplexed("ECHO", "in progress"),
        ]
        refused, in_progress = await asyncio.gather(*calls, return_exceptions=True)
    finally:
        await client.execute_command(*allow)  # type: ignore[no-untyped-call]
    after = await client.execute_multiplexed("CLIENT", "ID")
    await client.aclose()

    assert isinstance(refused, ResponseError)
    assert in_progress == b"in progress"
    assert after != before


async def test_calls_that_wait_for_a_connection_fail_when_the_client_is_closed(redis_url: str) -> None:
    client = open_shared(redis_url)
    call = asyncio.create_task(client.execute_multiplexed("PING"))
    await asyncio.sleep(0)
    await client.aclose()

    with pytest.raises(RedisError):
        await call
