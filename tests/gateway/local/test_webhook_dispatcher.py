"""The dispatcher of a simulator's webhooks: waiting until all are delivered."""

from __future__ import annotations

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from channels._kit.simulator import WebhookDelivery
from channels.twilio.simulator.server import TwilioSimulator
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from gateway.local.webhook_dispatcher import WebhookDispatcher


@pytest.mark.timeout(20)
async def test_waiting_ends_also_for_a_webhook_that_was_delivered_in_the_same_moment() -> None:
    """The task has finished then, and its callback, which forgets it, has not run yet."""
    answered, delivered = asyncio.Event(), asyncio.Event()

    def read_clock() -> float:
        if answered.is_set():
            delivered.set()  # nothing is awaited between this and the end of the delivery
        return 0.0

    async def receive(request: Request) -> Response:
        answered.set()
        return Response()

    app = Starlette(routes=[Route("/", receive, methods=["POST"])])
    async with serve(app) as url, provider_client() as http:
        simulator = TwilioSimulator(account_sid="AC1", auth_token="token", webhook_url=url, seed=1)
        dispatcher = WebhookDispatcher(
            simulator, http, clock=read_clock, concurrency=1, pace=1, reroute=("", "")
        )
        [delivery] = dispatcher.schedule([WebhookDelivery(at=0, method="POST", url=f"{url}/", headers={})])
        await delivered.wait()
        assert delivery.done()
        await dispatcher.wait_until_idle()
