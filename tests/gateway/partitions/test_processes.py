"""Web process and worker with four partitions, as real processes, and the commands beside them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import httpx
import pytest
from redis.asyncio import Redis

from gateway.local.loopback import find_free_port, wait_until_ready
from gateway.partitions.inbox import PartitionedInbox
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.contacts.identities import IdentityResolver
from gateway.redis.records.session_keys import session_key
from tests.gateway.environments.stack import KEY, Stack, build_message, running_stack

SESSIONS = [f"visitor-{number}" for number in range(8)]


class Installation(NamedTuple):
    """The processes, and a client of the web process."""

    stack: Stack
    http: httpx.AsyncClient
    stores: Sequence[Redis]

    async def turn(self, session: str, text: str) -> dict[str, Any]:
        body = {"session_id": session, "text": text}
        answer = await self.http.post("/turn", json=body, headers=KEY, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def run(self, *arguments: str) -> tuple[int, str]:
        process = await self.stack.start_process(sys.executable, "-m", "gateway", *arguments)
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()


@pytest.fixture
async def installation(stores: Sequence[Redis], cluster_url: str) -> AsyncIterator[Installation]:
    port = find_free_port()
    async with running_stack() as stack:
        stack.add_settings(
            REDIS_URL=cluster_url,
            TURNGATE_PARTITIONS="4",
            PORT=str(port),
        )
        for command in ("web", "worker"):
            await stack.start_process(sys.executable, "-m", "gateway", command)
        url = f"http://127.0.0.1:{port}"
        await wait_until_ready(url)
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            async with asyncio.timeout(60):
                while (await http.get("/readyz?workers=1")).status_code != 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)  # the endpoint offers no event
            yield Installation(stack, http, stores)


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_contacts_of_all_partitions_are_served(installation: Installation) -> None:
    each = installation
    answers = await asyncio.gather(*(each.turn(session, "hi") for session in SESSIONS))
    assert all("last four" in answer["reply"] for answer in answers)
    counts = [len([1 async for _ in store.scan_iter("tg:{web:*}")]) for store in each.stores]
    assert sum(counts) == len(SESSIONS)
    assert sum(map(bool, counts)) > 1

    history = await each.http.get("/web/history", params={"session_id": SESSIONS[0]}, headers=KEY)
    assert [line["from"] for line in history.json()["messages"]] == ["person", "bot"]
    metrics = (await each.http.get("/metrics", headers=KEY)).text
    assert 'turngate_messages_total{channel="web",account="web",class="new"} 8' in metrics
    assert "turngate_workers 1" in metrics

    session = f"web:{SESSIONS[3]}"
    said = await each.http.post(
        "/messages", json={"session": session, "text": "News", "message_id": "n1"}, headers=KEY
    )
    assert said.status_code == 202, said.text
    async with asyncio.timeout(60):
        while (await each.http.get("/messages/n1", headers=KEY)).json()["outcome"] != "sent":  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # the endpoint offers no event

    code, shown = await each.run("why", session)
    assert (code, session in shown) == (0, True)
    assert (await each.run("optout", "add", session))[0] == 0
    assert session in (await each.run("optout", "list"))[1]
    refused = await each.http.post("/messages", json={"session": session, "text": "More"}, headers=KEY)
    assert refused.json()["error"]["code"] == "opted_out"
    exported = json.loads((await each.run("export", session))[1])
    assert [each["id"] for each in exported["sessions"]] == [session]
    code, shown = await each.run("erase", session, "--yes")
    assert code == 0, shown
    assert (await each.run("export", session))[0] == 0  # the opt-out is kept, as a hash
    assert not [key for store in each.stores async for key in store.scan_iter(f"*{SESSIONS[3]}*")]
    assert (await each.run("doctor"))[1].count("p3") == 1
    assert await each.run("hooks", "list") == (0, "0 hooks\n")
    assert await each.run("keys", "list") == (0, (await each.run("keys", "list"))[1])


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_replies_to_a_provider_leave_from_every_partition_in_order(installation: Installation) -> None:
    simulator, people = installation.stack.simulator, [f"+155501{number}" for number in range(20, 28)]
    stores = installation.stores
    inbox = PartitionedInbox([IdentityResolver(each, RedisInbox(each)) for each in stores], stores)
    await inbox.accept([build_message(number, "hi", person) for number, person in enumerate(people)])
    for person in people:
        await simulator.wait_for_texts(1, contact=person)
    await inbox.accept([build_message(50 + number, "4321", person) for number, person in enumerate(people)])
    received = [await simulator.wait_for_texts(2, contact=person) for person in people]

    assert all(["last four" in texts[0], "date of birth" in texts[1]] == [True, True] for texts in received)
    assert sum([bool(await each.zcard("tg:conversations")) for each in stores]) > 1


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_one_partition_becomes_four_while_contacts_write(
    stores: Sequence[Redis], cluster_url: str
) -> None:
    await stores[0].delete("tg:partitions")  # as in an installation that began with one
    async with running_stack() as stack, AsyncExitStack() as opened:
        before, before_processes = await start_side(stack, opened, cluster_url, partitions=1)
        asked = await before.turn("ada", "hi")
        assert "last four" in asked["reply"]
        after, _ = await start_side(stack, opened, cluster_url, partitions=4)
        code, said = await after.run("partitions", "--spread", "4")
        assert (code, "web" in said, "worker" in said) == (2, True, True)

        assert "date of birth" in (await after.turn("ada", "4321"))["reply"]
        await after.turn("bob", "hi")  # new, and known to the processes of before
        assert "date of birth" in (await before.turn("bob", "4321"))["reply"]

        for process in before_processes:
            process.terminate()
            await process.communicate()
        code, said = await after.run("partitions", "--spread", "4")
        assert code == 0, said
        newcomers = [f"newcomer-{number}" for number in range(8)]
        answers = await asyncio.gather(*(after.turn(each, "hi") for each in newcomers))
        assert all("last four" in answer["reply"] for answer in answers)
        for name in ("ada", "bob"):
            assert await stores[0].exists(f"tg:{{web:{name}}}")
            assert (await after.turn(name, "1 May 1980"))["reply"]

    counts = [await each.zcard("tg:conversations") for each in stores]
    assert sum(counts) == 10
    assert sum(map(bool, counts)) > 1


LIMITED_WORKER = """
from gateway.config.settings import Settings
from gateway.redis import rq_layout
from gateway.redis.connection.connect import open_sync_redis
from gateway.worker import AsyncWorker
AsyncWorker([rq_layout.QUEUE], connection=open_sync_redis(Settings.load().redis_url)).work(max_jobs=3)
"""


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_a_worker_takes_no_more_jobs_than_its_limit_from_all_partitions(
    stores: Sequence[Redis], cluster_url: str
) -> None:
    inbox = PartitionedInbox([IdentityResolver(each, RedisInbox(each)) for each in stores], stores)
    events = [build_message(number, "hi", f"+1555019{number:02}") for number in range(20)]
    await inbox.accept(events)
    async with running_stack() as stack:
        stack.add_settings(REDIS_URL=cluster_url, TURNGATE_PARTITIONS="4")
        process = await stack.start_process(sys.executable, "-c", LIMITED_WORKER)
        output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()
    sessions = [session_key(event.turn.session, ":mail") for event in events]
    waiting = [sum([await each.llen(key) for each in stores]) for key in sessions]
    assert waiting.count(0) == 3


async def start_side(
    stack: Stack, opened: AsyncExitStack, cluster_url: str, *, partitions: int
) -> tuple[Installation, list[asyncio.subprocess.Process]]:
    """Start a web process and a worker that know so many partitions."""
    port = find_free_port()
    url = f"http://127.0.0.1:{port}"
    stack.add_settings(
        REDIS_URL=cluster_url, TURNGATE_PARTITIONS=str(partitions), PORT=str(port), PUBLIC_URL=url
    )
    processes = [
        await stack.start_process(sys.executable, "-m", "gateway", command) for command in ("web", "worker")
    ]
    await wait_until_ready(url)
    client = await opened.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False))
    async with asyncio.timeout(60):
        while (await client.get("/readyz?workers=1")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # the endpoint offers no event
    return Installation(stack, client, ()), processes
