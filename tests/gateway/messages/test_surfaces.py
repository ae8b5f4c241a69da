"""The library's flows on every surface: simulator, signed webhook, uvicorn, Redis, worker, simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest

from channels._kit.simulator import Fault, FaultSettings, TranscriptEntry, UserMessage
from channels.twilio.simulator.server import TwilioSimulator
from channels.whatsapp.simulator.records import IdentityMode
from channels.whatsapp.simulator.server import WhatsAppSimulator
from flows.authoring.testing import ConversationTestFile, conversation_file_path
from flows.authoring.testing.test_file import ConversationTest
from flows.library import FLOW_LIBRARY
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from tests.channels.whatsapp.builders import ENVIRON as WHATSAPP
from tests.channels.whatsapp.builders import SECRET, TOKEN, build_handshake
from tests.gateway.environments.stack import ACCOUNT
from tests.gateway.environments.stack import TOKEN as TWILIO_TOKEN
from tests.gateway.environments.surroundings import RecordingSimulatorServer, find_free_url, start_gateway


class Environment:
    """Gateway processes and both simulators."""

    def __init__(
        self, url: str, twilio: RecordingSimulatorServer, whatsapp: RecordingSimulatorServer
    ) -> None:
        self.url = url
        self.twilio = twilio
        self.whatsapp = whatsapp

    async def hold_conversation(
        self, surface: str, server: RecordingSimulatorServer, contact: str, conversation: ConversationTest
    ) -> None:
        """Hold a conversation as a contact on that surface would; buttons are tapped where there are any."""
        ours = f"whatsapp:{contact}" if surface == "whatsapp" and server is self.twilio else contact
        last: list[TranscriptEntry] = []
        for turn in conversation.turns:
            label = next(
                (
                    shown_labels
                    for line in last
                    for known_label, shown_labels in line.choices
                    if known_label == turn.payload
                ),
                "",
            )
            text = turn.say or label or "yes"
            seen = len(server.list_entries(ours))
            server.send_user_message(
                UserMessage(surface, contact, text, button=turn.payload if label else "")
            )
            replies = turn.expect.reply or ("",)
            last = await server.wait_for_entries(replies[-1], ours, seen)


@asynccontextmanager
async def running_environment(flow: str) -> AsyncIterator[Environment]:
    """Start everything; stop it in reverse order."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(provider_client())
        url = find_free_url()
        twilio = RecordingSimulatorServer(
            TwilioSimulator(
                account_sid=ACCOUNT, auth_token=TWILIO_TOKEN, webhook_url=f"{url}/webhooks/twilio", seed=7
            ),
            http,
        )
        meta = WhatsAppSimulator(
            app_secret=SECRET, access_token=TOKEN, webhook_url=f"{url}/webhooks/whatsapp", seed=7
        )
        whatsapp = RecordingSimulatorServer(meta, http)
        environ = {
            **WHATSAPP,
            "WHATSAPP_API_URL": await stack.enter_async_context(serve(whatsapp)),
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
            "TWILIO_API_URL": await stack.enter_async_context(serve(twilio)),
        }
        await start_gateway(stack, url, flow, environ)
        yield Environment(url, twilio, whatsapp)


@pytest.mark.long
@pytest.mark.parametrize("flow", ["kyc", "support"])
async def test_the_library_flows_run_on_every_surface(flow: str) -> None:
    conversation = ConversationTestFile.load(
        conversation_file_path(FLOW_LIBRARY / f"{flow}.json")
    ).conversations[0]
    async with running_environment(flow) as environment:
        await asyncio.gather(
            environment.hold_conversation("sms", environment.twilio, "+15550171", conversation),
            environment.hold_conversation("whatsapp", environment.twilio, "+15550172", conversation),
            environment.hold_conversation("whatsapp", environment.whatsapp, "+15550173", conversation),
        )
        on_sms, on_cloud = (
            environment.twilio.list_entries("+15550171"),
            environment.whatsapp.list_entries("+15550173"),
        )

        assert not any(line.choices for line in on_sms)
        assert any(line.choices for line in on_cloud)


@pytest.mark.long
async def test_a_session_continues_without_the_phone_number_and_a_lost_answer_is_not_sent_twice() -> None:
    contact = "+15550174"
    async with running_environment("kyc") as environment:
        server, simulator = environment.whatsapp, environment.whatsapp.simulator
        assert isinstance(simulator, WhatsAppSimulator)
        simulator.identity = IdentityMode.PHONE
        server.send_user_message(UserMessage("whatsapp", contact, "hello"))
        await server.wait_for_entries("last four digits", contact, 0)
        simulator.identity = IdentityMode.BOTH
        server.send_user_message(UserMessage("whatsapp", contact, "why do you need that?"))
        await server.wait_for_entries("last four digits", contact, 2)  # after the error message
        simulator.identity = IdentityMode.HIDDEN
        seen = len(server.list_entries(contact))
        simulator.set_faults(FaultSettings(next=(Fault.DROP_AFTER,)))
        server.send_user_message(UserMessage("whatsapp", contact, "4321"))
        await server.wait_for_entries("date of birth", contact, seen)
        server.send_user_message(UserMessage("whatsapp", contact, "23 April 1990"))
        lines = await server.wait_for_entries("born on 23 April 1990", contact, seen)

        assert [line.text.partition("?")[0] for line in lines[:-1]] == [
            "Thank you. And what is your date of birth"
        ]


@pytest.mark.long
async def test_the_handshake_and_a_forged_webhook_over_http() -> None:
    async with running_environment("kyc") as environment, httpx.AsyncClient(trust_env=False) as http:
        path = f"{environment.url}/webhooks/whatsapp"
        query = build_handshake().url.partition("?")[2]
        genuine = await http.get(f"{path}?{query}")
        other = await http.get(f"{path}?{build_handshake('no').url.partition('?')[2]}")
        forged_status = await http.post(path, content=b"{}", headers={"x-hub-signature-256": "sha256=00"})
        huge = await http.post(path, content=b"a" * (3 * 1024 * 1024 + 1))

    assert (genuine.status_code, genuine.text) == (200, "1158201444")
    assert (other.status_code, "1158201444" in other.text) == (403, False)
    assert (forged_status.status_code, huge.status_code) == (401, 413)
