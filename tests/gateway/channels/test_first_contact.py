"""First contact on each simulated provider: the contact's answer continues the session."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from redis.asyncio import Redis

from channels._kit.simulator import UserMessage
from channels.sunshine.simulator.notifications import INTEGRATIONS
from channels.twilio.simulator.server import TwilioSimulator
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from gateway.redis.records.sessions.log.session_log import read_log
from tests.channels.whatsapp import builders as meta
from tests.flows.conversation import document, edge, node
from tests.gateway.channels.test_whole_conversations import PROVIDERS, Provider
from tests.gateway.environments.stack import KEY
from tests.gateway.environments.surroundings import RecordingSimulatorServer, find_free_url, start_gateway

SUNSHINE_SMS, SUNSHINE_WHATSAPP = INTEGRATIONS
HELLO = "Your parcel is here. When may we bring it?"
VALUES = {"1": "Ada", "2": "17"}
TEMPLATES = {
    "whatsapp": {"name": "order_update", "language": "en_US"},
    "twilio_whatsapp": {"name": "order_update", "language": "en"},
    "sunshine_whatsapp": {"name": "order_update", "language": "en"},
}
"""On WhatsApp only a template may be the first message."""
FLOW = document(node("when", "NOTED", edges=[edge("again", "when", keywords=["tomorrow"])]))
SENDERS = {
    "twilio_sms": "+15550100",
    "twilio_whatsapp": "whatsapp:+15550101",
    "whatsapp": meta.OURS,
    "zendesk": "",
    "intercom": "",
    "sunshine": SUNSHINE_SMS,
    "sunshine_whatsapp": SUNSHINE_WHATSAPP,
}
CONTACTS = {"intercom": "ada@example.com"}
_NUMBERED = {"SUNSHINE_NOTIFICATION_INTEGRATIONS": f"twilio:{SUNSHINE_SMS},whatsapp:{SUNSHINE_WHATSAPP}"}
EXTRA = {
    "intercom": {"INTERCOM_WORKSPACE_ID": "wk7h2xqz"},
    "sunshine": _NUMBERED,
    "sunshine_whatsapp": _NUMBERED,
}


class Environment(NamedTuple):
    """A gateway with one simulated provider, as a test writes to its contacts."""

    provider: Provider
    server: RecordingSimulatorServer
    url: str
    redis_url: str
    environ: dict[str, str]

    def address(self, channel: str) -> dict[str, str]:
        """Return the contact as `POST /messages` takes it."""
        name, sender = channel.partition("_")[0], SENDERS.get(channel, "")
        return {"channel": name, "to": self.provider.contact, **({"from": sender} if sender else {})}

    async def answer(self, text: str, expected: str) -> None:
        """Answer as the contact and wait for the bot."""
        contact = self.provider.contact
        seen = len(self.server.list_entries(contact))
        self.server.send_user_message(UserMessage(self.provider.surface, contact, text=text))
        await self.server.wait_for_entries(expected, contact, seen)


@asynccontextmanager
async def running_environment(channel: str, folder: Path) -> AsyncIterator[Environment]:
    file = folder / "flow.json"
    file.write_text(json.dumps(FLOW), encoding="utf-8")
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        url = find_free_url()
        provider = PROVIDERS.get(channel, PROVIDERS["sunshine"])(
            f"{url}/webhooks/{channel.partition('_')[0]}"
        )
        provider = replace(provider, contact=CONTACTS.get(channel, provider.contact))
        server = RecordingSimulatorServer(provider.simulator, http)
        api_url = await stack.enter_async_context(serve(server))
        if isinstance(provider.simulator, TwilioSimulator):
            provider.simulator.url = api_url
            provider.simulator.contents.add_samples()
        environ = {**provider.environ, provider.api_url_setting: api_url, **EXTRA.get(channel, {})}
        redis_url = await start_gateway(stack, url, str(file), environ)
        yield Environment(provider, server, url, redis_url, environ)


async def write_first(environment: Environment, channel: str) -> str:
    """Write to the contact, twice under one id, and return the session."""
    template = TEMPLATES.get(channel)
    content = {"template": {**template, "variables": VALUES}} if template else {"text": HELLO}
    body: dict[str, Any] = {**environment.address(channel), **content, "message_id": "hello"}
    async with httpx.AsyncClient(base_url=environment.url, trust_env=False, timeout=30, headers=KEY) as http:
        answers = [await http.post("/messages", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202], answers[0].text
    return str(answers[0].json()["session"])


async def wait_until_recorded(redis_url: str, session: str) -> None:
    """Wait until the worker has recorded the send: a person answers later than that."""
    async with Redis.from_url(redis_url) as redis, asyncio.timeout(20):
        while "sent" not in [entry.kind for entry in await read_log(redis, session)]:
            await redis.xread({f"tg:{{{session}}}:log": "$"}, block=200)


@pytest.mark.long
@pytest.mark.parametrize("channel", SENDERS)
async def test_the_contact_gets_the_message_and_their_answer_continues_the_session(
    channel: str, tmp_path: Path
) -> None:
    async with running_environment(channel, tmp_path) as environment:
        session = await write_first(environment, channel)
        expected = "17" if channel in TEMPLATES else HELLO
        await environment.server.wait_for_entries(expected, environment.provider.contact, 0)
        await wait_until_recorded(environment.redis_url, session)

        await environment.answer("tomorrow", "NOTED")

        texts = [entry.text for entry in environment.server.list_entries(environment.provider.contact)]
        async with Redis.from_url(environment.redis_url) as redis:
            kinds = [entry.kind for entry in await read_log(redis, session)]
    assert sum(expected in text for text in texts) == 1
    assert kinds.count("accepted") == 1
    assert [kind for kind in kinds if kind in ("said", "accepted")][:2] == ["said", "accepted"]
