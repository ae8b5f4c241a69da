"""Failures of the environment and hostile input: no accepted message is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis

from channels._kit.simulator import FaultSettings
from core.errors import StorageUnavailable
from gateway.redis.connection.connect import open_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.sessions.log.session_log import read_log_end
from gateway.storm.verdict.invariants import is_idle
from tests.gateway.environments.stack import (
    ACCOUNT,
    BUSINESS_NUMBER,
    PERSON,
    Stack,
    wait_until,
)
from tests.gateway.environments.workers import CRASH_TEXT

SESSION = f"twilio:{ACCOUNT}:{BUSINESS_NUMBER}:{PERSON}"


def as_list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


async def count_refused(redis: Redis, error_name: str) -> int:
    """Return how many calls the server has refused with this error."""
    errors = await redis.info("errorstats")
    return int(errors.get(f"errorstat_{error_name}", {}).get("count", 0))


@asynccontextmanager
async def delay_redis(url: str, seconds: float) -> AsyncIterator[str]:
    """Proxy to the server with a latency of `seconds` in each direction."""
    path = url.removeprefix("unix://")
    open_pipes: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            while data := await reader.read(65_536):
                loop.call_later(seconds, writer.write, data)
        await asyncio.sleep(2 * seconds)  # data that was read before is still on its way
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_unix_connection(path)
        await asyncio.gather(carry(reader, upstream_writer), carry(upstream_reader, writer))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_pipes.add(task)
        await connect(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*open_pipes)


_UNWRITABLE = pytest.mark.parametrize(
    ("failure", "recovery", "error_name"),
    [
        (("config", "set", "maxmemory", "1"), ("config", "set", "maxmemory", "0"), "OOM"),
        (("replicaof", "127.0.0.1", "1"), ("replicaof", "no", "one"), "READONLY"),
    ],
    ids=["full", "read-only"],
)


@pytest.mark.long
@_UNWRITABLE
async def test_a_worker_started_on_a_read_only_server_waits_until_writes_work(
    stack: Stack, failure: tuple[str, ...], recovery: tuple[str, ...], error_name: str
) -> None:
    await stack.accept_message(1, "hi")
    await stack.redis.execute_command(*failure)  # type: ignore[no-untyped-call]
    before = await count_refused(stack.redis, error_name)
    await stack.start_async_worker()

    async def worker_was_refused() -> bool:
        return await count_refused(stack.redis, error_name) > before

    await wait_until(worker_was_refused)
    await stack.redis.execute_command(*recovery)  # type: ignore[no-untyped-call]

    assert "last four" in (await stack.simulator.wait_for_texts(1))[0]


@pytest.mark.long
@_UNWRITABLE
async def test_a_server_that_refuses_writes_rejects_new_messages_and_keeps_accepted_ones(
    stack: Stack, failure: tuple[str, ...], recovery: tuple[str, ...], error_name: str
) -> None:
    stack.simulator.set_faults(FaultSettings(answer_delay=0.5))
    await stack.start_async_worker()
    await stack.accept_message(1, "hi")
    await stack.accept_message(2, "4321")
    await stack.simulator.wait_for_texts(1)  # the provider has the reply, its answer is on the way
    await stack.redis.execute_command(*failure)  # type: ignore[no-untyped-call]
    with pytest.raises(StorageUnavailable):
        await stack.accept_message(3, "23 April 1990")
    before = await count_refused(stack.redis, error_name)

    async def worker_was_refused() -> bool:
        return await count_refused(stack.redis, error_name) > before

    await wait_until(worker_was_refused)
    await stack.redis.execute_command(*recovery)  # type: ignore[no-untyped-call]
    await stack.simulator.wait_for_texts(2)
    await stack.accept_message(3, "23 April 1990")
    received = await stack.simulator.wait_for_texts(3)

    assert ["last four" in received[0], "date of birth" in received[1], "Is that right" in received[2]] == [
        True
    ] * 3
    assert len(received) == 3


@pytest.mark.long
async def test_a_worker_with_high_redis_latency_answers_in_order_and_once(stack: Stack) -> None:
    async with delay_redis(stack.url, 0.05) as url:
        for number, text in enumerate(("hi", "4321", "23 April 1990")):
            await stack.accept_message(number, text)
        worker = await stack.start_async_worker("--url", url)
        received = await stack.simulator.wait_for_texts(3)
        worker.terminate()
        await worker.communicate()

    assert ["last four" in received[0], "date of birth" in received[1], "Is that right" in received[2]] == [
        True
    ] * 3
    assert len(stack.simulator.received_texts()) == 3


@pytest.mark.long
async def test_a_redis_timeout_is_reported_as_storage_unavailable(stack: Stack) -> None:
    async with delay_redis(stack.url, 0.5) as url:
        redis = open_redis(url, timeout=0.2)
        stack.inbox = RedisInbox(redis)
        with pytest.raises(StorageUnavailable):  # without the timeout it would be stored after a second
            await stack.accept_message(1, "hi")
        await redis.aclose()


@pytest.mark.long
async def test_sessions_of_an_older_release_continue(stack: Stack) -> None:
    await stack.accept_message(1, "hi")
    await stack.start_async_worker()
    await stack.simulator.wait_for_texts(1)
    await wait_until(lambda: is_idle(stack.redis, SESSION))
    key = f"tg:{{{SESSION}}}"
    await stack.redis.hset(key, mapping={"colour": "blue", "marked_by": "release 0"})
    await stack.redis.hdel(key, "address", "waits", "tries")
    address = {
        "channel": "twilio",
        "account": ACCOUNT,
        "ours": BUSINESS_NUMBER,
        "theirs": PERSON,
        "shoe_size": 43,
    }
    turn = {"id": "SMold", "session": SESSION, "address": address, "text": "4321", "mood": "fine"}
    await stack.redis.rpush(f"{key}:mail", json.dumps(turn))
    await stack.redis.zadd("tg:due", {SESSION: 1})
    received = await stack.simulator.wait_for_texts(2)

    assert "date of birth" in received[1]


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_a_mailbox_of_300_messages_is_answered_completely_and_in_order(
    stack: Stack, tmp_path: Path
) -> None:
    config = tmp_path / "turngate.toml"
    config.write_text(
        "[channels.twilio.pace]\nnumber = 1000"
    )  # the provider's own pace would take half a minute
    stack.configure(config)
    stack.add_settings(TURNGATE_CONTACT_REPLIES="0")  # more than a contact gets in an hour
    for number in range(300):
        await stack.accept_message(number, "hi" if number % 2 else "4321")
    await stack.start_async_worker()
    await wait_until(lambda: is_idle(stack.redis, SESSION), 100)
    log = await read_log_end(stack.redis, SESSION, count=2_000)

    turns = [str(turn) for entry in log if entry.kind == "committed" for turn in as_list(entry.data["turns"])]
    assert turns == sorted(turns)  # the log is capped, so it holds only the last turns
    assert len(turns) == len(set(turns)) > 50
    assert int(await stack.redis.hget("tg:counts", "committed") or 0) == 300


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_a_turn_that_kills_the_worker_becomes_a_dead_letter_and_the_session_continues(
    stack: Stack,
) -> None:
    stack.add_settings(TURNGATE_LEASE_SECONDS="1")
    await stack.accept_message(1, "hi")
    await stack.accept_message(2, CRASH_TEXT)
    await stack.accept_message(3, "4321")
    deaths = 0
    while len(stack.simulator.received_texts()) < 3:
        worker = await stack.start_rq(
            "worker", "--worker-class", "tests.gateway.environments.workers.MortalWorker", "turns"
        )
        received = asyncio.create_task(stack.simulator.wait_for_texts(3))
        has_died = asyncio.create_task(worker.communicate())
        await asyncio.wait({received, has_died}, return_when=asyncio.FIRST_COMPLETED)
        received.cancel()
        deaths += has_died.done()
        if not has_died.done():
            worker.kill()
        await asyncio.gather(received, has_died, return_exceptions=True)
    heard_at_last = stack.simulator.received_texts()

    assert deaths == 5
    assert ["last four" in heard_at_last[0], "Sorry" in heard_at_last[1]] == [True, True]
    assert "date of birth" in heard_at_last[2]
    assert await stack.redis.xlen("tg:dead") == 1


@pytest.mark.long
async def test_a_worker_with_a_wrong_clock_does_not_disturb_another(stack: Stack) -> None:
    contacts = [f"+1555010{number:04d}" for number in range(20)]
    for process_name in ("LateWorker", "LateWorker"):
        await stack.start_rq(
            "worker", "--worker-class", f"tests.gateway.environments.workers.{process_name}", "turns"
        )
    await stack.start_async_worker()
    for index, text in enumerate(("hi", "4321")):
        for number, contact in enumerate(contacts):
            await stack.accept_message(index * 100 + number, text, contact)
    for contact in contacts:
        await stack.simulator.wait_for_texts(2, contact)

    assert [len(stack.simulator.received_texts(contact)) for contact in contacts] == [2] * 20


@pytest.mark.long
async def test_an_endless_cycle_visits_each_node_once_per_turn_and_answers(
    stack: Stack, tmp_path: Path
) -> None:
    flow = tmp_path / "endless.json"
    flow.write_text(json.dumps(ENDLESS))
    stack.add_settings(TURNGATE_FLOW=str(flow))
    await stack.start_async_worker()
    await stack.accept_message(1, "hi")
    await stack.simulator.wait_for_texts(1)
    await wait_until(lambda: is_idle(stack.redis, SESSION))
    await stack.accept_message(2, "hi")
    received = await stack.simulator.wait_for_texts(2)

    assert "".join(received).count("a") == len(received) == 2 or {"a", "b"} >= set(received)


def build_node(process_name: str, other: str) -> dict[str, object]:
    edge = {"id": f"to_{other}", "condition": "Always", "target_node_id": other}
    return {
        "id": process_name,
        "name": process_name,
        "static_text": process_name,
        "auto_proceed": True,
        "edges": [edge],
    }


ENDLESS = {
    "system_prompt": "x",
    "objective": "x",
    "agent_language": "en",
    "initial_node": "a",
    "nodes": [build_node("a", "b"), build_node("b", "a")],
}
