"""`turngate setup zendesk` as an operator runs it, against the simulated Zendesk."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from channels.zendesk.event_parser import SUBSCRIPTIONS
from channels.zendesk.simulator.server import ZendeskSimulator
from channels.zendesk.trigger_template import TRIGGER_EVENTS
from gateway.local.http_server import serve
from gateway.local.simulator_server import SimulatorServer
from tests.channels.test_account_checks import PUBLIC, create_account, point_elsewhere, serve_account

_RENEWED = {
    "ZENDESK_EMAIL": "",
    "ZENDESK_API_TOKEN": "",
    "ZENDESK_OAUTH_CLIENT_ID": "c",
    "ZENDESK_OAUTH_CLIENT_SECRET": "s",
    "ZENDESK_OAUTH_REFRESH_TOKEN": "r",
}


_NO_ZENDESK = dict.fromkeys(("ZENDESK_API_URL", "ZENDESK_EMAIL", "ZENDESK_API_TOKEN"), "")


class ZendeskSetup:
    """A Zendesk account to set up."""

    def __init__(self, simulator: ZendeskSimulator, url: str) -> None:
        self.simulator = simulator
        self._url = url

    async def run(self, *arguments: str, **settings: str) -> tuple[int, str]:
        """Run the command; return its exit code and its output."""
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TURNGATE_")},
            "ZENDESK_API_URL": self._url,
            "ZENDESK_EMAIL": "bot@example.com",
            "ZENDESK_API_TOKEN": "token",
            "PUBLIC_URL": "http://127.0.0.1:8000",
            **settings,
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", "setup", *arguments),
            env=environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()


@pytest.fixture
async def admin() -> AsyncIterator[ZendeskSetup]:
    simulator = ZendeskSimulator(secret="c2VjcmV0", api_token="token", webhook_url="", seed=7)
    async with httpx.AsyncClient() as http, serve(SimulatorServer(simulator, http)) as url:
        yield ZendeskSetup(simulator, url)


@pytest.mark.long
async def test_the_webhook_is_created_once_and_its_secret_printed(admin: ZendeskSetup) -> None:
    code, output = await admin.run("zendesk")
    [webhook] = admin.simulator.admin.webhooks.values()

    assert code == 0, output
    assert webhook["endpoint"] == "http://127.0.0.1:8000/webhooks/zendesk"
    assert set(webhook["subscriptions"]) == set(SUBSCRIPTIONS)
    assert "ZENDESK_WEBHOOK_SECRET=c2VjcmV0" in output
    assert "ZENDESK_BOT_USER_ID=8447000000009" in output
    assert "ZENDESK_HANDOFF_GROUP_ID=1700000000009  for the group People" in output
    code, output = await admin.run("zendesk", ZENDESK_WEBHOOK_SECRET="c2VjcmV0")
    assert (code, len(admin.simulator.admin.webhooks)) == (0, 1)
    assert "webhook exists" in output
    assert "c2VjcmV0" not in output


@pytest.mark.long
async def test_triggers_are_created_once_and_corrected(admin: ZendeskSetup) -> None:
    code, output = await admin.run("zendesk", "--by-triggers")
    triggers = admin.simulator.admin.triggers

    assert code == 0, output
    assert {each["title"] for each in triggers.values()} == {f"Turngate: {name}" for name in TRIGGER_EVENTS}
    [webhook] = admin.simulator.admin.webhooks
    for trigger in triggers.values():
        [action] = trigger["actions"]
        assert action["value"][0] == webhook
        assert json.loads(action["value"][1])["event"] is not None
    before = {number: dict(trigger) for number, trigger in triggers.items()}
    next(iter(triggers.values()))["actions"] = []
    code, output = await admin.run("zendesk", "--by-triggers")
    assert output.count("trigger updated") == 1
    assert output.count("trigger exists") == len(TRIGGER_EVENTS) - 1
    assert triggers == before


@pytest.mark.long
async def test_a_webhook_of_the_other_kind_is_left_to_the_operator(admin: ZendeskSetup) -> None:
    await admin.run("zendesk", "--by-triggers")
    code, output = await admin.run("zendesk")

    assert code == 2
    assert "other subscriptions" in output


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "settings", "expected"),
    [
        (("twilio",), _NO_ZENDESK, "twilio has no credentials; `turngate setup` asks for them"),
        (("pigeon",), {}, "unknown channel"),
        (("zendesk",), {"ZENDESK_API_TOKEN": ""}, "ZENDESK_API_TOKEN is not set"),
        (("zendesk",), {"ZENDESK_API_TOKEN": "wrong"}, "invalid credentials"),
        (("zendesk",), {"ZENDESK_API_URL": ""}, "ZENDESK_API_URL"),
        (("zendesk",), _RENEWED, "use up the gateway's refresh token"),
        (("zendesk",), {"PUBLIC_URL": ""}, "PUBLIC_URL"),
    ],
)
async def test_missing_settings_are_reported(
    admin: ZendeskSetup, arguments: tuple[str, ...], settings: dict[str, str], expected: str
) -> None:
    code, output = await admin.run(*arguments, **settings)

    assert code == 2
    assert expected in output
    assert "Traceback" not in output


@pytest.mark.long
async def test_nothing_is_created_twice_in_an_account_with_several_pages_of_others(
    admin: ZendeskSetup,
) -> None:
    triggers, webhooks = admin.simulator.admin.triggers, admin.simulator.admin.webhooks
    for number in range(1000, 1230):
        triggers[number] = {"id": number, "title": f"theirs {number}"}
        webhooks[str(number)] = {"id": str(number), "endpoint": f"https://theirs.example/{number}"}
    for _ in range(3):
        code, output = await admin.run("zendesk", "--by-triggers")
        assert code == 0, output

    assert len(triggers) == 230 + len(TRIGGER_EVENTS)
    assert len(webhooks) == 231
    assert "trigger exists" in output
    assert "updated" not in output


async def test_a_twilio_number_is_made_to_call_us(admin: ZendeskSetup) -> None:
    account = create_account("twilio")
    point_elsewhere("twilio", account.simulator)
    async with serve_account(account) as (environ, _):
        settings = {**_NO_ZENDESK, **environ, "PUBLIC_URL": PUBLIC}
        code, output = await admin.run("twilio", **settings)
        again = await admin.run("twilio", **{**settings, "TWILIO_AUTH_TOKEN": "f" * 32})

    assert code == 0, output
    assert f"calls {PUBLIC}/webhooks/twilio" in output
    assert again[0] == 1
    assert "PROBLEM twilio: the provider refused the check" in again[1]
