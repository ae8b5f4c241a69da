"""HTTP API and console page of broadcasts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from gateway.broadcasts import routes
from gateway.broadcasts.routes import BroadcastApi
from gateway.broadcasts.store import Broadcasts
from gateway.console.operations.broadcasts import BroadcastsPage
from gateway.redis.lua import ProtocolLimits
from gateway.redis.records.sessions.proactive_messages import ProactiveMessages
from tests.gateway.access.rule import build_operator_auth
from tests.gateway.environments.broadcasts import OURS, BroadcastRig, build_number

KEY = "a-key-of-the-operator"
QUERY = {"name": "spring", "channel": "twilio", "from": OURS, "text": "Hello {{ name }}"}
FILE = f"to,name\n{build_number(1)},Ada\n{build_number(2)},Bob\nhello,Cy\n"


@pytest.fixture
async def http(rig: BroadcastRig) -> AsyncIterator[httpx.AsyncClient]:
    operator, limits = build_operator_auth(rig.redis, KEY), ProtocolLimits()
    messages = ProactiveMessages(rig.redis)
    api = BroadcastApi(Broadcasts(rig.redis, limits), rig.sender, messages, operator)
    page = BroadcastsPage(Broadcasts(rig.redis, limits), operator, rig.sender, ["fake"])
    app = Starlette(routes=[*api.routes(), *page.routes()])
    transport = httpx.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "text/csv"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gateway.example", headers=headers
    ) as client:
        yield client


async def test_a_dry_run_says_who_gets_it_and_sends_nothing(
    http: httpx.AsyncClient, rig: BroadcastRig
) -> None:
    answer = await http.post("/broadcasts", params={**QUERY, "dry_run": "1"}, content=FILE)
    assert answer.status_code == 200
    assert (answer.json()["sendable"], answer.json()["segments"]) == (2, 2)
    assert [row["line"] for row in answer.json()["skipped"]] == [4]
    assert (await http.get("/broadcasts")).json() == {"broadcasts": []}


async def test_a_broadcast_is_started_followed_and_exported(
    http: httpx.AsyncClient, rig: BroadcastRig
) -> None:
    started = await http.post("/broadcasts", params=QUERY, content=FILE)
    assert (started.status_code, started.json()["state"]) == (202, "running")
    again = await http.post("/broadcasts", params=QUERY, content=FILE)
    assert again.status_code == 202
    other = await http.post("/broadcasts", params={**QUERY, "text": "Bye"}, content=FILE)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "name_used")
    await rig.run()
    shown = (await http.get("/broadcasts/spring")).json()
    assert (shown["state"], shown["sent"], shown["skipped"]) == ("finished", 2, 1)
    exported = (await http.get("/broadcasts/spring/recipients")).text.splitlines()
    assert [line.split(",")[2] for line in exported[1:]] == ["sent", "sent", "skipped"]
    assert "spring" in (await http.get("/console/broadcasts")).text


async def test_a_broadcast_is_paused_resumed_and_stopped(http: httpx.AsyncClient) -> None:
    await http.post("/broadcasts", params=QUERY, content=FILE)
    for act, state in (("pause", "paused"), ("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        answer = await http.post(f"/broadcasts/spring/{act}")
        assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert (await http.post("/broadcasts/spring/resume")).status_code == 409
    assert (await http.post("/broadcasts/spring/eat")).status_code == 404
    assert (await http.post("/broadcasts/other/stop")).status_code == 404
    assert (await http.get("/broadcasts/other")).status_code == 404
    assert (await http.get("/broadcasts/other/recipients")).status_code == 404


@pytest.mark.parametrize(
    ("query", "content", "code"),
    [
        ({"text": ""}, FILE, "bad_request"),
        ({"name": "a b"}, FILE, "bad_request"),
        ({"template": "x"}, FILE, "bad_request"),
        ({"rate": "-1"}, FILE, "bad_request"),
        ({}, "whom\n1", "bad_file"),
        ({}, "to\n", "bad_file"),
    ],
)
async def test_a_request_that_cannot_be_used_says_why(
    http: httpx.AsyncClient, query: dict[str, str], content: str, code: str
) -> None:
    answer = await http.post("/broadcasts", params={**QUERY, **query}, content=content)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


async def test_a_body_is_bounded_and_the_routes_are_the_operators(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MAX_BODY_BYTES", 10)
    assert (await http.post("/broadcasts", params=QUERY, content=FILE)).status_code == 400
    http.headers["Authorization"] = "Bearer wrong"
    for method, path in (("POST", "/broadcasts"), ("GET", "/broadcasts"), ("GET", "/console/broadcasts")):
        assert (await http.request(method, path)).status_code in (401, 403)
