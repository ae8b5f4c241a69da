"""The stream that tells open pages of changes: across processes, resumed, bounded, ended with access."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from core.model import TurnReceived
from gateway.console import live_updates
from gateway.console.layout.live_views import LiveView, ViewName, read_versions
from gateway.console.operations.overview import OverviewPage
from gateway.console.sign_in import SignInPage
from gateway.redis.inbox import RedisInbox
from tests.fakes import build_turn
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.console.console_client import open_console
from tests.gateway.server.test_operator_auth import NAMED, OPS

pytestmark = pytest.mark.timeout(20)


async def accept_message(redis: Redis, number: int) -> None:
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(number))])


class EventStream:
    """Events of an open stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def next(self, field: str) -> str:
        """Return the value of the next line with this field."""
        async for line in self._lines:
            if line.startswith(field):
                return line.partition(": ")[2] or line
        raise AssertionError(f"the stream ended before {field}")

    async def end(self) -> list[str]:
        return [line async for line in self._lines]


@asynccontextmanager
async def listen(http: httpx.AsyncClient, query: str, **headers: str) -> AsyncIterator[EventStream]:
    async with http.stream("GET", f"/console/events?{query}", headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield EventStream(answer)


async def read_query(http: httpx.AsyncClient, path: str) -> str:
    page = await http.get(path)
    found = re.search(r'data-live="([^"]+)"', page.text)
    assert found, "the page does not follow changes"
    return found[1].replace("&amp;", "&")


async def test_a_page_is_notified_of_a_change_by_another_process_and_not_of_what_it_shows(
    redis: Redis,
) -> None:
    await accept_message(redis, 1)
    async with open_console(redis, "viewer") as http, open_console(redis) as other:
        query = await read_query(http, "/console/conversations")
        async with listen(http, query) as stream, listen(other, query) as elsewhere:
            assert stream.answer.headers["content-type"].startswith("text/event-stream")
            assert stream.answer.headers["x-accel-buffering"] == "no"
            assert await stream.next("event") == "alive"  # nothing has changed
            await accept_message(redis, 2)
            versions = [await each.next("id") for each in (stream, elsewhere)]
            assert await stream.next("event") == "changed"
    assert versions[0] == versions[1]
    assert versions[0] not in query


async def test_a_stream_is_resumed_without_a_gap_or_a_repetition(redis: Redis) -> None:
    await accept_message(redis, 1)
    present = (await read_versions(redis, [LiveView(ViewName.CONVERSATIONS)]))[
        LiveView(ViewName.CONVERSATIONS)
    ]
    async with open_console(redis) as http:
        async with listen(http, "view=conversations", **{"Last-Event-ID": present}) as stream:
            assert await stream.next("event") == "alive"
        await accept_message(redis, 2)  # while nobody listens
        async with listen(http, "view=conversations", **{"Last-Event-ID": present}) as stream:
            assert await stream.next("id") != present


async def test_a_conversation_is_notified_only_of_its_own_entries(redis: Redis) -> None:
    await RedisInbox(redis).accept(
        [TurnReceived(turn=build_turn(1, "fake:1")), TurnReceived(turn=build_turn(2, "fake:2"))]
    )
    own, other = (LiveView(ViewName.CONVERSATION, name) for name in ("fake:1", "fake:2"))
    before = await read_versions(redis, [own, other])
    await RedisInbox(redis).accept([TurnReceived(turn=build_turn(3, "fake:1"))])
    after = await read_versions(redis, [own, other])

    assert before[own] != after[own]
    assert before[other] == after[other]


async def test_a_stream_ends_at_sign_out(redis: Redis) -> None:
    rule = build_operator_auth(redis, named=NAMED)
    updates = live_updates.LiveUpdates(rule, check_seconds=0.02)
    pages = (OverviewPage(rule), SignInPage(rule), updates)
    transport = httpx.ASGITransport(Starlette(routes=[each for page in pages for each in page.routes()]))
    origin = {"Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1", headers=origin) as http:
        await http.post("/console/sign-in", data={"key": OPS})
        query = await read_query(http, "/console")
        stream = asyncio.create_task(http.get(f"/console/events?{query}"))  # the answer is there at its end
        await asyncio.sleep(0)
        await http.post("/console/sign-out")
        ended = await stream
        refused = await http.get(f"/console/events?{query}")

    assert "event: end" in ended.text or ended.status_code == 401
    assert refused.status_code == 401


async def test_the_number_of_streams_is_bounded(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_updates, "MAX_STREAMS_OF_ONE", 1)
    async with open_console(redis) as http:
        async with listen(http, "view=overview") as stream:
            await stream.next("id")
            refused = await http.get("/console/events?view=overview")
        wrong = await http.get("/console/events?view=everything")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
    assert wrong.status_code == 400


async def test_streams_cost_one_reading_for_all_and_none_when_nobody_listens(redis: Redis) -> None:
    async with open_console(redis) as http:
        async with (
            listen(http, "view=failures") as first,
            listen(http, "view=failures") as second,
        ):
            await first.next("id")
            await second.next("id")
            versions = await read_versions(redis, [LiveView(ViewName.FAILURES)] * 2)
            assert len(versions) == 1
        for _ in range(100):
            await asyncio.sleep(0.01)
            await redis.config_resetstat()
            await asyncio.sleep(0.06)
            if "cmdstat_xlen" not in await redis.info("commandstats"):
                break
        else:
            pytest.fail("the versions are read although nobody listens")
