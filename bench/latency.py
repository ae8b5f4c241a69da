"""Added latency: from the moment the provider calls our webhook to the moment it takes our reply.

Everything is real (web and worker processes, append-only server, HTTP on loopback), the model costs nothing,
and one message is under way at a time.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.ack import ACCOUNT, TOKEN
from channels._kit.twin import Delivery, Said, TwinRequest, TwinResponse
from channels.twilio.twin import TwilioTwin
from gateway.children import Child
from gateway.embedded import EmbeddedServer
from gateway.http import provider_client
from gateway.loopback import free_port, until_ready
from gateway.twins import TwinServer, serve


class TimedTwin(TwilioTwin):
    """A twin that notes when a send reached it."""

    def __init__(self, webhook_url: str) -> None:
        super().__init__(account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=webhook_url, seed=1)
        self.taken = asyncio.Event()
        self.at = 0.0

    def handle(self, request: TwinRequest, now: float) -> tuple[TwinResponse, list[Delivery]]:
        if request.method == "POST":
            self.at = perf_counter()
            self.taken.set()
        answer, _ = super().handle(request, now)
        return answer, []  # no status callbacks: they would be measured with the next message


async def measure(messages: int, warm_up: int = 20) -> list[float]:
    """Milliseconds for each message, sorted."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    twin = TimedTwin(f"{url}/webhooks/twilio")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="bench"))
        server = EmbeddedServer(Path(folder) / "data")
        server.start()
        stack.callback(server.stop)
        host = TwinServer(twin, await stack.enter_async_context(provider_client()))
        environ = {
            **os.environ,
            "REDIS_URL": server.url,
            "PUBLIC_URL": url,
            "PORT": str(port),
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_URL": await stack.enter_async_context(serve(host)),
            "TURNGATE_FLOW": "kyc",
        }
        for name in ("worker", "web"):
            child = Child(name, environ)
            await child.start()
            stack.push_async_callback(child.stop, 10.0)
        await until_ready(url)
        taken = [await _one(host, twin, number) for number in range(warm_up + messages)]
    return sorted(taken[warm_up:])


async def _one(host: TwinServer, twin: TimedTwin, number: int) -> float:
    twin.taken.clear()
    began = perf_counter()
    _, webhooks = host.say(Said(surface="sms", person=f"+1555{number:07d}", text="hi"))
    async with asyncio.timeout(10):
        await twin.taken.wait()
    await asyncio.gather(*webhooks)
    return (twin.at - began) * 1000
