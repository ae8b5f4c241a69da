"""`turngate setup intercom` lists settings and reports wrong ones."""

from __future__ import annotations

import httpx
import pytest

from channels._kit.simulator import SimulatorRequest
from channels.intercom.setup import REQUIRED_TOPICS, set_up
from channels.intercom.simulator.server import IntercomSimulator
from core.errors import ConfigurationError, Rejected
from tests.channels.intercom.builders import APP, BOT, ENVIRON, SECRET, TEAM, TOKEN

PUBLIC = "https://bots.example.com"


async def run_setup(
    environ: dict[str, str], public_url: str = PUBLIC, *, by_triggers: bool = False
) -> list[str]:
    simulator = IntercomSimulator(client_secret=SECRET, access_token=TOKEN, webhook_url="", seed=1)

    def intercom(request: httpx.Request) -> httpx.Response:
        answer, _ = simulator.handle(SimulatorRequest(request.method, request.url.path, request.headers), 0.0)
        return httpx.Response(answer.status, content=answer.body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(intercom)) as http:
        return [line async for line in set_up(environ, public_url, http, by_triggers=by_triggers)]


async def test_with_only_a_token_the_available_ids_are_listed() -> None:
    lines = await run_setup({"INTERCOM_ACCESS_TOKEN": TOKEN})
    text = "\n".join(lines)

    assert lines[0] == f"INTERCOM_WORKSPACE_ID={APP} is the token's workspace (US)"
    assert f"INTERCOM_ADMIN_ID={BOT}  Bot: a teammate that is used only by the bot" in lines
    assert f"INTERCOM_HANDOFF_TEAM_ID={TEAM}  Support: or leave it unset" in lines
    assert f"{PUBLIC}/webhooks/intercom, API version" in text
    assert f"{PUBLIC}/webhooks/intercom/canvas" in text
    assert all(topic in text for topic in REQUIRED_TOPICS)
    assert "INTERCOM_CLIENT_SECRET is not set" in lines[-1]
    assert TOKEN not in text


async def test_configured_ids_are_confirmed_or_reported_as_unknown() -> None:
    lines = await run_setup({**ENVIRON, "INTERCOM_ADMIN_ID": "7"})

    assert "INTERCOM_ADMIN_ID=7 does not exist in this workspace" in lines
    assert f"INTERCOM_HANDOFF_TEAM_ID={TEAM} is Support" in lines
    assert not any("CLIENT_SECRET" in line for line in lines)


@pytest.mark.parametrize(
    ("environ", "public_url", "by_triggers", "words"),
    [
        ({}, PUBLIC, False, "INTERCOM_ACCESS_TOKEN"),
        (ENVIRON, "", False, "PUBLIC_URL"),
        (ENVIRON, PUBLIC, True, "--by-triggers"),
    ],
)
async def test_missing_settings_are_named(
    environ: dict[str, str], public_url: str, by_triggers: bool, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        await run_setup(environ, public_url, by_triggers=by_triggers)


async def test_an_invalid_token_is_reported() -> None:
    with pytest.raises(Rejected, match="unauthorized"):
        await run_setup({"INTERCOM_ACCESS_TOKEN": "other"})
