"""Opt-outs by SMS and on WhatsApp, through the gateway's processes and the simulated providers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from channels._kit.simulator import ProviderSimulator, UserMessage
from channels.twilio.simulator.server import TwilioSimulator
from channels.whatsapp.simulator.records import IdentityMode
from channels.whatsapp.simulator.server import WhatsAppSimulator
from flows.locales.en.messages import MESSAGES
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from tests.channels.twilio.builders import ACCOUNT
from tests.channels.twilio.builders import TOKEN as TWILIO_TOKEN
from tests.channels.whatsapp.builders import ENVIRON as WHATSAPP
from tests.channels.whatsapp.builders import PHONE, SECRET, TOKEN
from tests.flows.conversation import document, edge, node
from tests.flows.conversation import flow as build_flow
from tests.gateway.environments.stack import KEY
from tests.gateway.environments.surroundings import RecordingSimulatorServer, find_free_url, start_gateway

TWILIO = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TWILIO_TOKEN}
FLOW = document(
    node("ask", "Which size?", edges=[edge("bye", "gone", keywords=["bye"])]),
    node("gone", "You are off our list.", opt_out=True),
)
PLACES = {"sms": ("twilio", "+15550100"), "whatsapp": ("whatsapp", "800000000000001")}
CONTACTS = {"sms": "+15550170", "whatsapp": f"+{PHONE}"}


class Environment:
    """A gateway with one contact of a provider."""

    def __init__(self, url: str, kind: str, server: RecordingSimulatorServer) -> None:
        self.http = httpx.AsyncClient(base_url=url, trust_env=False, headers=KEY)
        self.contact, self._kind, self._server = CONTACTS[kind], kind, server

    async def write(self, text: str, expected: str) -> list[str]:
        """Let the contact write, wait for `expected`, and return the messages received since then."""
        seen = len(self._server.list_entries(self.contact))
        self._server.send_user_message(UserMessage(self._kind, self.contact, text))
        entries = await self._server.wait_for_entries(expected, self.contact, seen)
        return [entry.text for entry in entries]


@asynccontextmanager
async def running_environment(kind: str, folder: Path) -> AsyncIterator[Environment]:
    file = folder / "flow.json"
    file.write_text(build_flow_text(), encoding="utf-8")
    async with AsyncExitStack() as stack:
        http, url = await stack.enter_async_context(provider_client()), find_free_url()
        simulator: ProviderSimulator
        if kind == "sms":
            simulator = TwilioSimulator(
                account_sid=ACCOUNT, auth_token=TWILIO_TOKEN, webhook_url=f"{url}/webhooks/twilio", seed=1
            )
        else:
            simulator = WhatsAppSimulator(
                access_token=TOKEN,
                app_secret=SECRET,
                webhook_url=f"{url}/webhooks/whatsapp",
                seed=1,
                identity=IdentityMode.PHONE,
            )
        server = RecordingSimulatorServer(simulator, http)
        api = await stack.enter_async_context(serve(server))
        environ = (
            {**TWILIO, "TWILIO_API_URL": api} if kind == "sms" else {**WHATSAPP, "WHATSAPP_API_URL": api}
        )
        await start_gateway(stack, url, str(file), environ)
        made = Environment(url, kind, server)
        stack.push_async_callback(made.http.aclose)
        yield made


def build_flow_text() -> str:
    """Return the flow's JSON, after it was validated."""
    build_flow(*FLOW["nodes"])
    return json.dumps(FLOW)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sms", "whatsapp"])
async def test_a_contact_opts_out_and_in_again(kind: str, tmp_path: Path) -> None:
    async with running_environment(kind, tmp_path) as environment:
        await environment.write("hi", "Which size?")
        confirmed = await environment.write("Arrêt!", MESSAGES.opted_out)
        path = f"/contacts/{environment.contact}/opt-out"
        [session] = (await environment.http.post(path, json={})).json()["sessions"]
        refused = await environment.http.post("/messages", json={"session": session, "text": "Sale!"})
        back = await environment.write("Unstop", "again" if kind == "whatsapp" else "re-subscribed")
        answered = await environment.write("hello", "size")

    assert confirmed == [MESSAGES.opted_out]
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "opted_out")
    assert len(back) == 1
    assert len(answered) == 1


@pytest.mark.parametrize("kind", ["sms", "whatsapp"])
async def test_a_contact_who_has_never_written_is_opted_out_over_http(kind: str, tmp_path: Path) -> None:
    channel, number = PLACES[kind]
    place = {"channel": channel, "from": number}
    async with running_environment(kind, tmp_path) as environment:
        http, path = environment.http, f"/contacts/{environment.contact}/opt-out"
        unknown = await http.post(path, json={})
        opted_out = await http.post(path, json=place)
        refused = await http.post("/messages", json={**place, "to": environment.contact, "text": "Sale!"})
        assert (await http.delete(path)).json()["sessions"] == opted_out.json()["sessions"]
        answered = await environment.write("hello", "size")
        wrong = [
            (await http.post(path, json=body)).json()["error"]
            for body in ({"channel": "pigeon"}, {"channel": "web"}, {"from": "+15550100"})
        ]

    assert unknown.status_code == 404
    assert (opted_out.status_code, opted_out.json()["opted_out"]) == (200, True)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "opted_out")
    assert len(answered) == 1
    assert [each["code"] for each in wrong] == ["invalid_contact", "invalid_contact", "bad_request"]
    assert "pigeon is not configured" in wrong[0]["message"]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sms", "whatsapp"])
async def test_a_flow_opts_out_after_its_last_words(kind: str, tmp_path: Path) -> None:
    async with running_environment(kind, tmp_path) as environment:
        await environment.write("hi", "Which size?")
        assert await environment.write("bye", "off our list") == ["You are off our list."]
        ended = await environment.http.delete(f"/contacts/{environment.contact}/opt-out")
        assert (ended.status_code, ended.json()["opted_out"]) == (200, False)
        assert len(await environment.write("hello", "size")) == 1
