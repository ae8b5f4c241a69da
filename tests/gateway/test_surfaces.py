"""The library's flows on every surface: twin, signed webhook, uvicorn, Redis, worker, and the twin again."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from channels._kit.twin import Fault, Faults, Line, Said, Twin
from channels.twilio.twin import TwilioTwin
from channels.whatsapp.twin import WhatsAppTwin
from channels.whatsapp.twin_records import Identity
from flows.authoring.script import Conversation, Script, beside
from gateway.embedded import EmbeddedServer
from gateway.http import provider_client
from gateway.settings import LIBRARY
from gateway.twins import TwinServer, serve
from tests.channels.whatsapp.made import ENVIRON as WHATSAPP
from tests.channels.whatsapp.made import SECRET, TOKEN, handshake
from tests.gateway.stack import ACCOUNT, RQ
from tests.gateway.stack import TOKEN as TWILIO_TOKEN


class Heard(TwinServer):
    """A twin's server that tells whenever it was called."""

    def __init__(self, twin: Twin, http: httpx.AsyncClient) -> None:
        super().__init__(twin, http)
        self.called = asyncio.Event()

    async def _provider(self, request: Request) -> Response:
        answer = await super()._provider(request)
        self.called.set()
        return answer

    def heard(self, person: str) -> list[Line]:
        return [line for line in self.twin.lines(time(), person=person) if line.direction == "out"]

    async def until(self, words: str, person: str, seen: int) -> list[Line]:
        """The lines after the first `seen`, once they hold the words."""
        async with asyncio.timeout(30):
            while not any(words in line.text for line in self.heard(person)[seen:]):
                self.called.clear()
                await self.called.wait()
        return self.heard(person)[seen:]


class World:
    """A gateway of processes and both twins around it."""

    def __init__(self, url: str, twilio: Heard, whatsapp: Heard) -> None:
        self.url = url
        self.twilio = twilio
        self.whatsapp = whatsapp

    async def hold(self, surface: str, server: Heard, person: str, conversation: Conversation) -> None:
        """Have a conversation as a person on that surface would; buttons are tapped where there are any."""
        ours = f"whatsapp:{person}" if surface == "whatsapp" and server is self.twilio else person
        last: list[Line] = []
        for turn in conversation.turns:
            label = next(
                (shown for line in last for known, shown in line.choices if known == turn.payload), ""
            )
            text = turn.say or label or "yes"
            seen = len(server.heard(ours))
            server.say(Said(surface, person, text, button=turn.payload if label else ""))
            replies = turn.expect.reply or ("",)
            last = await server.until(replies[-1], ours, seen)


@asynccontextmanager
async def world(flow: str) -> AsyncIterator[World]:
    """Everything started, and ended in the reverse order."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="tg")))
        redis = EmbeddedServer(folder, durable=False)
        redis.start()
        stack.callback(redis.stop)
        http = await stack.enter_async_context(provider_client())
        url = f"http://127.0.0.1:{_free_port()}"
        twilio = Heard(
            TwilioTwin(
                account_sid=ACCOUNT, auth_token=TWILIO_TOKEN, webhook_url=f"{url}/webhooks/twilio", seed=7
            ),
            http,
        )
        meta = WhatsAppTwin(
            app_secret=SECRET, access_token=TOKEN, webhook_url=f"{url}/webhooks/whatsapp", seed=7
        )
        whatsapp = Heard(meta, http)
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TURNGATE_")},
            **WHATSAPP,
            "WHATSAPP_API_URL": await stack.enter_async_context(serve(whatsapp)),
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
            "TWILIO_API_URL": await stack.enter_async_context(serve(twilio)),
            "PUBLIC_URL": url,
            "PORT": url.rpartition(":")[2],
            "REDIS_URL": redis.url,
            "TURNGATE_FLOW": flow,
        }
        await _process(stack, environ, sys.executable, "-m", "gateway", "web")
        await _process(
            stack,
            environ,
            RQ,
            "worker",
            "--url",
            redis.url,
            "--worker-class",
            "gateway.worker.AsyncWorker",
            "turns",
        )
        await _until_ready(url)
        yield World(url, twilio, whatsapp)


async def _process(stack: AsyncExitStack, environ: dict[str, str], *command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, env=environ)

    async def end() -> None:
        process.terminate()
        await process.wait()

    stack.push_async_callback(end)


async def _until_ready(url: str) -> None:
    """Ask until a message would be answered; another process offers no event to wait for."""
    async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as http:
        for wait in (0.1,) * 600:
            try:
                if (await http.get(f"{url}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(wait)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("flow", ["kyc", "support"])
async def test_every_surface_holds_the_flow(flow: str) -> None:
    conversation = Script.load(beside(LIBRARY / f"{flow}.json")).conversations[0]
    async with world(flow) as around:
        await asyncio.gather(
            around.hold("sms", around.twilio, "+15550171", conversation),
            around.hold("whatsapp", around.twilio, "+15550172", conversation),
            around.hold("whatsapp", around.whatsapp, "+15550173", conversation),
        )
        on_sms, on_cloud = around.twilio.heard("+15550171"), around.whatsapp.heard("+15550173")

        assert not any(line.choices for line in on_sms)
        assert any(line.choices for line in on_cloud)


async def test_a_session_goes_on_when_the_number_vanishes_and_a_lost_answer_is_not_sent_twice() -> None:
    person = "+15550174"
    async with world("kyc") as around:
        server, twin = around.whatsapp, around.whatsapp.twin
        assert isinstance(twin, WhatsAppTwin)
        twin.identity = Identity.PHONE
        server.say(Said("whatsapp", person, "hello"))
        await server.until("last four digits", person, 0)
        twin.identity = Identity.BOTH
        server.say(Said("whatsapp", person, "why do you need that?"))
        await server.until("last four digits", person, 2)  # after the reason
        twin.identity = Identity.HIDDEN
        seen = len(server.heard(person))
        twin.tell(Faults(next=(Fault.DROP_AFTER,)))
        server.say(Said("whatsapp", person, "4321"))
        await server.until("date of birth", person, seen)
        server.say(Said("whatsapp", person, "23 April 1990"))
        lines = await server.until("born on 23 April 1990", person, seen)

        assert [line.text.partition("?")[0] for line in lines[:-1]] == [
            "Thank you. And what is your date of birth"
        ]


async def test_the_handshake_and_a_forged_webhook_over_http() -> None:
    async with world("kyc") as around, httpx.AsyncClient(trust_env=False) as http:
        path = f"{around.url}/webhooks/whatsapp"
        query = handshake().url.partition("?")[2]
        genuine = await http.get(f"{path}?{query}")
        other = await http.get(f"{path}?{handshake('no').url.partition('?')[2]}")
        forged = await http.post(path, content=b"{}", headers={"x-hub-signature-256": "sha256=00"})
        huge = await http.post(path, content=b"a" * (3 * 1024 * 1024 + 1))

    assert (genuine.status_code, genuine.text) == (200, "1158201444")
    assert (other.status_code, "1158201444" in other.text) == (403, False)
    assert (forged.status_code, huge.status_code) == (401, 413)
