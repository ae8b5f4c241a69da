"""The agent pane calls the simulator's desk, and accepts nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from channels.intercom.simulator.server import IntercomSimulator
from channels.twilio.simulator.server import TwilioSimulator
from gateway.console.simulator.client import Simulator
from gateway.console.simulator.provider_desk import ProviderDeskPage
from gateway.local.simulator_server import SimulatorServer
from tests.gateway.access.rule import build_operator_auth

PERSON = "+15550191"
HERE = {"surface": "intercom", "person": PERSON}


@asynccontextmanager
async def open_desk(
    redis: Redis, *, simulated: bool = True
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Yield a client of the console and one of the simulator's control endpoints; no webhook arrives."""
    nowhere = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    intercom = IntercomSimulator(
        client_secret="s", access_token="t", webhook_url="http://gateway.example/w", seed=1
    )
    server = SimulatorServer(intercom, nowhere)
    environ = {"TURNGATE_SIMULATOR_URL": "intercom=http://simulator,twilio=http://sms"}
    simulator = Simulator.load(environ if simulated else {})
    transport = httpx.ASGITransport(server)
    async with httpx.AsyncClient(transport=transport, base_url="http://simulator") as controls:
        app = Starlette(routes=ProviderDeskPage(build_operator_auth(redis), simulator, controls).routes())
        local = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=local, base_url="http://127.0.0.1") as console:
            yield console, controls
    await server.aclose()
    await nowhere.aclose()


async def test_actions_of_the_pane_are_performed_at_the_desk(redis: Redis) -> None:
    async with open_desk(redis) as (console, controls):
        before = (await console.get("/console/agent", params=HERE)).json()
        await controls.post("/_simulator/say", json={"surface": "intercom", "from": PERSON, "text": "Hi"})
        note = await console.post("/console/agent", json={**HERE, "move": "note", "text": "kind"})
        take = await console.post("/console/agent", json={**HERE, "move": "take"})
        after = (await console.get("/console/agent", params=HERE)).json()
        later = (await console.get("/console/agent", params={**HERE, "after": after["last"]})).json()

    assert (before["standing"]["thread"], before["lines"]) == ("", [])
    assert (note.status_code, take.status_code) == (200, 200)
    assert after["standing"]["words"] == "open, assigned to Grace"
    assert [(line["direction"], line["text"]) for line in after["lines"]] == [("note", "kind")]
    assert {move["name"] for move in after["moves"]} >= {"reply", "give_back"}
    assert later["lines"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"surface": "sms", "person": PERSON, "move": "take"},
        {**HERE, "move": "dance"},
        {**HERE, "move": "reply"},
        {**HERE, "move": "take"},
        {"surface": "intercom", "person": "Ada", "move": "take"},
        {},
    ],
)
async def test_impossible_actions_are_reported(redis: Redis, body: dict[str, str]) -> None:
    async with open_desk(redis) as (console, _):
        answer = await console.post("/console/agent", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "malformed"


@pytest.mark.parametrize("query", [{}, {"surface": "sms", "person": PERSON}, {**HERE, "after": "x"}])
async def test_other_requests_are_refused(redis: Redis, query: dict[str, str]) -> None:
    async with open_desk(redis) as (console, _):
        assert (await console.get("/console/agent", params=query)).status_code == 400


async def test_real_credentials_disable_the_pane(redis: Redis) -> None:
    async with open_desk(redis, simulated=False) as (console, _):
        assert (await console.get("/console/agent", params=HERE)).status_code == 400
        assert (await console.post("/console/agent", json={**HERE, "move": "take"})).status_code == 400


async def test_a_simulator_without_a_desk_has_no_moves() -> None:
    simulator = TwilioSimulator(
        account_sid="AC1", auth_token="t", webhook_url="http://gateway.example/w", seed=1
    )
    async with httpx.AsyncClient() as nowhere:
        transport = httpx.ASGITransport(SimulatorServer(simulator, nowhere))
        async with httpx.AsyncClient(transport=transport, base_url="http://simulator") as controls:
            desk = (await controls.get("/_simulator/desk", params={"from": PERSON})).json()
            act = await controls.post("/_simulator/act", json={"from": PERSON, "move": "take"})
            malformed = await controls.post("/_simulator/act", json={})

    assert desk == {"moves": [], "standing": {"thread": "", "words": ""}}
    assert (act.status_code, malformed.status_code) == (400, 400)
