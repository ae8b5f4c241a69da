"""The agent inbox: an agent replies in place of the bot, and returns the conversation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from time import time
from typing import Any

import httpx
import pytest

from gateway.server.json_requests import MAX_BODY_BYTES
from tests.gateway.environments.stack import running_stack
from tests.gateway.webchat.api.test_routes import ask, running_web

SESSION = "web:ada"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with running_stack() as stack:
        stack.add_settings(TURNGATE_FLOW="support")
        async with running_web(stack) as client:
            yield client


async def list_waiting(http: httpx.AsyncClient) -> list[tuple[str, str]]:
    rows = (await http.get("/console/desk/sessions")).json()["sessions"]
    return [(row["session"], row["owner"]) for row in rows]


async def say(http: httpx.AsyncClient, text: str, name: str) -> httpx.Response:
    return await http.post("/console/desk/say", json={"session": SESSION, "text": text, "id": name})


async def wait_for_entry(http: httpx.AsyncClient, kind: str) -> list[dict[str, Any]]:
    """Return the session's log once it holds an entry of a kind."""
    async with asyncio.timeout(10):
        while True:
            entries: list[dict[str, Any]] = (
                await http.get("/console/desk/log", params={"session": SESSION})
            ).json()["entries"]
            if any(entry["kind"] == kind and entry["data"].get("key") == "agent-1" for entry in entries):
                return entries
            await asyncio.sleep(0.05)


async def list_history(http: httpx.AsyncClient) -> list[tuple[str, str]]:
    history = (await http.get("/web/history", params={"session_id": "ada"})).json()["messages"]
    return [(message["from"], message["text"]) for message in history]


@pytest.mark.long
async def test_a_conversation_is_handed_to_an_agent_and_back_to_the_bot(http: httpx.AsyncClient) -> None:
    await ask(http, "hi")
    assert await list_waiting(http) == []
    handed = (await ask(http, "I want to talk to a person")).json()
    assert handed["outcome"] == "hand_off"
    assert await list_waiting(http) == [(SESSION, "waiting")]

    assert (await say(http, "Grace here, how can I help?", "1")).status_code == 202
    assert (await say(http, "Grace here, how can I help?", "1")).json() == {"outcome": "duplicate"}
    await wait_for_entry(http, "sent")
    assert (await ask(http, "my parcel is late")).json()["outcome"] == "silent_human"
    assert await list_waiting(http) == [(SESSION, "human")]
    assert (await list_history(http))[-2:] == [
        ("agent", "Grace here, how can I help?"),
        ("person", "my parcel is late"),
    ]

    assert (await say(http, "/bot on", "2")).json() == {"act": "give_back"}
    assert await list_waiting(http) == []
    assert (await ask(http, "hi")).json()["reply"]


@pytest.mark.long
async def test_invalid_agent_actions_are_refused(http: httpx.AsyncClient) -> None:
    nobody = {"session": "web:nobody", "text": "hello?", "id": "1"}
    assert (await http.post("/console/desk/say", json=nobody)).status_code == 404
    assert (await http.post("/console/desk/say", json={"session": SESSION})).status_code == 400
    action = {"session": "web:nobody", "act": "take_over"}
    assert (await http.post("/console/desk/act", json=action)).status_code == 404
    assert (await http.post("/console/desk/act", json={**action, "act": "opt_out"})).status_code == 400
    assert (await http.get("/console/desk/log")).status_code == 400
    assert (
        await http.get("/console/desk/sessions", headers={"Authorization": "Bearer no"})
    ).status_code == 401


@pytest.mark.long
async def test_the_page_names_an_account_that_cannot_deliver() -> None:
    async with running_stack() as stack, running_web(stack) as client:
        before = await client.get("/console/desk")
        alarm = {"code": "30034", "reason": "<unregistered>", "at_ms": round(time() * 1000)}
        await stack.redis.hset("tg:alarms", "twilio:AC1", json.dumps(alarm))  # as accept.lua does
        after = await client.get("/console/desk")

    assert "cannot deliver" not in before.text
    assert "twilio:AC1</span> cannot deliver" in after.text
    assert "30034 (&lt;unregistered&gt;)" in after.text


async def test_a_body_that_is_too_long_is_refused(http: httpx.AsyncClient) -> None:
    body, paths = {"text": "a" * MAX_BODY_BYTES}, ("desk/say", "desk/act")

    answers = [await http.post(f"/console/{path}", json=body) for path in paths]

    assert [each.status_code for each in answers] == [413] * 2
    assert answers[0].json()["error"]["code"] == "too_large"
