"""The history of a web session: read at once, or as soon as there is something new."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from core.model import Message
from gateway.local.http_server import serve
from gateway.redis.inbox import RedisInbox
from gateway.redis.lua import ProtocolLimits
from gateway.redis.sending.outbox import ProactiveSender
from gateway.webchat.api import history_api
from gateway.webchat.api.routes import WebApi
from gateway.webchat.conversations import WebConversations, WebMessage
from gateway.webchat.sessions.session_tokens import SessionTokens, WebSession
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.environments.stack import API_KEY, KEY

ADA = WebSession(id="ada")


class History(NamedTuple):
    http: httpx.AsyncClient
    api: WebApi
    stopping: asyncio.Event

    async def read(self, **query: Any) -> dict[str, Any]:
        answer = await self.http.get("/web/history", params={"session_id": "ada", **query})
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        body: dict[str, Any] = answer.json()
        return body

    async def wait_until_waiting(self, count: int) -> None:
        async with asyncio.timeout(10):
            while True:
                if self.api._history._waits == count:
                    return
                await asyncio.sleep(0.01)


@pytest.fixture
async def history(redis: Redis) -> AsyncIterator[History]:
    conversations, stopping = WebConversations(redis, RedisInbox(redis)), asyncio.Event()
    api = WebApi(
        conversations=conversations,
        redis=redis,
        inbox=RedisInbox(redis),
        sender=ProactiveSender(redis, {}, ProtocolLimits()),
        operator=build_operator_auth(redis, API_KEY),
        tokens=SessionTokens([]),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        yield {"stopping": stopping}

    app = Starlette(routes=api.routes(), lifespan=lifespan)
    async with serve(app) as url, httpx.AsyncClient(base_url=url, timeout=30, headers=KEY) as http:
        yield History(http, api, stopping)
    await conversations.aclose()


async def test_without_news_there_are_no_messages_and_the_same_cursor(history: History) -> None:
    await history.api.conversations.submit(ADA, WebMessage("1", "hi"))
    first = await history.read()

    assert [each["text"] for each in first["messages"]] == ["hi"]
    assert await history.read(after=first["cursor"]) == {"messages": None, "cursor": first["cursor"]}
    await history.api.conversations.submit(ADA, WebMessage("2", "again"))
    second = await history.read(after=first["cursor"], wait=25)
    assert [each["text"] for each in second["messages"]] == ["hi", "again"]


async def test_a_waiting_request_is_answered_when_there_is_a_message(
    history: History, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.webchat.history._CHECK_SECONDS", 60.0)
    await history.api.conversations.submit(ADA, WebMessage("1", "hi"))
    first = await history.read()
    waiting = asyncio.create_task(history.read(after=first["cursor"], wait=25))
    await history.wait_until_waiting(1)
    sender = ProactiveSender(redis, {}, ProtocolLimits())
    await sender.send("web:ada", "agent", Message(text="Grace here"), voice="person")

    async with asyncio.timeout(10):
        second = await waiting
    assert [each["from"] for each in second["messages"]] == ["person", "agent"]


async def test_a_session_without_messages_can_be_waited_for(history: History) -> None:
    first = await history.read()
    assert first == {"messages": [], "cursor": ""}
    waiting = asyncio.create_task(history.read(after="", wait=25))
    await history.wait_until_waiting(1)
    await history.api.conversations.submit(ADA, WebMessage("1", "hi"))
    async with asyncio.timeout(10):
        assert len((await waiting)["messages"]) == 1


async def test_nobody_waits_longer_than_the_client_or_the_process(history: History) -> None:
    leaving = asyncio.create_task(history.read(after="", wait=25))
    await history.wait_until_waiting(1)
    leaving.cancel()
    await history.wait_until_waiting(0)

    staying = asyncio.create_task(history.read(after="", wait=25))
    await history.wait_until_waiting(1)
    history.stopping.set()
    async with asyncio.timeout(10):
        assert (await staying)["messages"] is None
    assert (await history.read(after="", wait=25))["messages"] is None


async def test_many_waiting_requests_leave_connections_for_others(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_api, "MAX_WAITS", 1)
    waiting = asyncio.create_task(history.read(after="", wait=25))
    await history.wait_until_waiting(1)
    async with asyncio.timeout(10):
        assert (await history.read(after="", wait=25))["messages"] is None
    assert not waiting.done()
    waiting.cancel()


@pytest.mark.parametrize("wait", ["26", "-1", "soon", "1e1", "٣", ""])
async def test_a_wait_that_is_no_number_of_seconds_is_refused(history: History, wait: str) -> None:
    answer = await history.http.get("/web/history", params={"session_id": "ada", "wait": wait})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
