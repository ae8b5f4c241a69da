"""A simulator on loopback, and the webhooks that it sends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import httpx

from channels._kit.simulator import ProviderSimulator, UserMessage
from gateway.local.http_server import serve
from gateway.local.simulator_server import SimulatorServer

_Answer = TypeVar("_Answer")


class HostedSimulator:
    """A simulator at `url`; `webhooks` are the requests that it sent, files it fetched included."""

    def __init__(self, server: SimulatorServer, url: str, webhooks: list[httpx.Request]) -> None:
        self.url = url
        self.webhooks = webhooks
        self._server = server

    async def say(self, message: UserMessage) -> str:
        """Send a contact's message and wait until its webhooks have arrived."""
        identifier, _ = self._server.send_user_message(message)
        await self._server.wait_until_idle()
        return identifier

    async def call(self, function: Callable[[], _Answer]) -> _Answer:
        """Run a blocking call of a client library, and wait for the webhooks that follow."""
        answer = await asyncio.to_thread(function)
        await self._server.wait_until_idle()
        return answer


@contextlib.asynccontextmanager
async def host(simulator: ProviderSimulator, file_type: str = "image/png") -> AsyncIterator[HostedSimulator]:
    """Serve a simulator; every webhook is answered with 200, every file is a small one of `file_type`."""
    webhooks: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, headers={"content-type": file_type}, content=b"file")
        webhooks.append(request)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as http:
        server = SimulatorServer(simulator, http, pace=0)
        async with serve(server) as url:
            yield HostedSimulator(server, url, webhooks)
