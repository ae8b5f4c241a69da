"""The simulator's server on a real port: API, webhooks, control endpoints, dropped connections."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from channels._kit.simulator import Fault, FaultSettings
from channels.twilio import TwilioChannel, create_channel
from channels.twilio.simulator.server import TwilioSimulator
from core.errors import DeliveryError, Unavailable, Unknown
from core.model import Address, DeliveryStatus, Event, Reply, StatusChanged, TurnReceived
from core.ports import Webhook
from gateway.http.clients import provider_client
from gateway.local.http_server import serve
from gateway.local.simulator_server import SimulatorServer

ACCOUNT, TOKEN, ADA = "AC00000000000000000000000000000001", "0123456789abcdef", "+12025550170"
ADDRESS = Address(channel="twilio", account=ACCOUNT, ours="+15550100", theirs=ADA)
REPLY = Reply(key="turn.1", address=ADDRESS, body="Hello")


class Gateway:
    """Stand-in for the gateway: verifies and records webhooks after refusing the first `failures`."""

    def __init__(self) -> None:
        self.channel: TwilioChannel | None = None
        self.events: list[Event] = []
        self.failures = 0
        self.app = Starlette(routes=[Route("/webhooks/twilio", self.receive, methods=["POST"])])

    async def receive(self, request: Request) -> Response:
        assert self.channel is not None
        headers = dict(request.headers)
        hook = Webhook(request.method, str(request.url), headers, await request.body())
        self.channel.verify(hook)
        if self.failures:
            self.failures -= 1
            return Response(status_code=503)
        events = self.channel.parse(hook)
        self.events += events
        answer = self.channel.answer(hook, events)
        return Response(answer.body, answer.status, media_type=answer.content_type)


class Environment:
    """A simulator and a gateway stand-in that know each other's address."""

    def __init__(self, gateway: Gateway, server: SimulatorServer, url: str, http: httpx.AsyncClient) -> None:
        self.gateway = gateway
        self.server = server
        self.url = url
        self.http = http

    @property
    def channel(self) -> TwilioChannel:
        assert self.gateway.channel is not None
        return self.gateway.channel

    async def say(self, text: str, **fields: object) -> str:
        body = {"surface": "sms", "from": ADA, "text": text, "wait": True, **fields}
        answer = await self.http.post(f"{self.url}/_simulator/say", json=body)
        assert answer.status_code == 200
        return str(answer.json()["sid"])


@pytest.fixture
async def environment() -> AsyncIterator[Environment]:
    gateway = Gateway()
    async with serve(gateway.app) as home, provider_client() as http:
        simulator = TwilioSimulator(
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            webhook_url=f"{home}/webhooks/twilio#rc=3&rp=all",
            seed=1,
        )
        server = SimulatorServer(simulator, http, pace=0)
        async with serve(server) as url:
            environ = {
                "TWILIO_ACCOUNT_SID": ACCOUNT,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_API_URL": url,
            }
            gateway.channel = create_channel(environ, home)
            yield Environment(gateway, server, url, http)


async def test_a_message_arrives_as_a_signed_webhook(environment: Environment) -> None:
    sid = await environment.say("Hi é")

    [event] = environment.gateway.events
    assert isinstance(event, TurnReceived)
    assert (event.turn.id, event.turn.text, event.turn.address) == (sid, "Hi é", ADDRESS)


async def test_a_reply_is_accepted_and_its_statuses_are_delivered(environment: Environment) -> None:
    sent = await environment.channel.send(REPLY, environment.http)
    await environment.server.wait_until_idle()

    statuses = [event.status for event in environment.gateway.events if isinstance(event, StatusChanged)]
    assert sorted(statuses) == [DeliveryStatus.DELIVERED, DeliveryStatus.SENT]
    message = (
        await environment.http.get(f"{environment.url}/_simulator/messages", params={"from": ADA})
    ).json()
    assert [(line["direction"], line["id"], line["text"]) for line in message["messages"]] == [
        ("out", sent.provider_id, "Hello")
    ]
    later = await environment.http.get(
        f"{environment.url}/_simulator/messages", params={"from": ADA, "after": message["last"]}
    )
    assert later.json() == {"messages": [], "last": message["last"]}


async def test_a_plus_decoded_as_a_space_is_restored(environment: Environment) -> None:
    await environment.say("Hi")

    message = (await environment.http.get(f"{environment.url}/_simulator/messages?from=+{ADA[1:]}")).json()
    assert [line["text"] for line in message["messages"]] == ["Hi"]


async def test_webhooks_are_retried_until_accepted(environment: Environment) -> None:
    environment.gateway.failures = 3
    await environment.say("Hi")
    await environment.server.wait_until_idle()

    assert len(environment.gateway.events) == 1


@pytest.mark.parametrize(
    ("fault", "expected", "is_accepted"),
    [
        (Fault.TOO_MANY, Unavailable, 0),
        (Fault.UNAVAILABLE, Unknown, 0),
        (Fault.ERROR_AFTER, Unknown, 1),
        (Fault.DROP_BEFORE, Unknown, 0),
        (Fault.DROP_AFTER, Unknown, 1),
    ],
)
@pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
async def test_a_failed_send_is_found_by_look_up_only_if_it_was_accepted(
    environment: Environment, fault: Fault, expected: type[DeliveryError], is_accepted: int, transport: str
) -> None:
    since = datetime.now(UTC)
    answer = await environment.http.post(f"{environment.url}/_simulator/faults", json={"next": [fault]})
    assert answer.status_code == 200

    async with provider_client() if transport == "aiohttp" else httpx.AsyncClient() as http:
        with pytest.raises(expected):
            await environment.channel.send(REPLY, http)
        message = await environment.channel.find_sent(REPLY, http, since=since, known=frozenset())
        assert (message is not None) == bool(is_accepted)
        if message is not None:
            known_ids = frozenset({message.provider_id})
            assert await environment.channel.find_sent(REPLY, http, since=since, known=known_ids) is None


async def test_the_server_continues_after_a_dropped_connection(environment: Environment) -> None:
    environment.server.simulator.set_faults(FaultSettings(next=(Fault.DROP_BEFORE,) * 3))
    for _ in range(3):
        with pytest.raises(Unknown):
            await environment.channel.send(REPLY, environment.http)

    assert (await environment.channel.send(REPLY, environment.http)).provider_id


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("say", "{"),
        ("say", '{"surface": "sms"}'),
        ("say", '{"surface": "pigeon", "from": "+1", "text": "x"}'),
        ("say", '{"surface": "SMS; x", "from": "+1", "text": "x"}'),
        ("faults", '{"next": ["explode"]}'),
        ("faults", "[]"),
    ],
)
async def test_malformed_control_requests_are_refused_with_one_shape(
    environment: Environment, path: str, body: str
) -> None:
    answer = await environment.http.post(f"{environment.url}/_simulator/{path}", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "malformed"


async def test_without_a_real_port_a_dropped_connection_is_an_error() -> None:
    simulator = TwilioSimulator(
        account_sid=ACCOUNT, auth_token=TOKEN, webhook_url="http://gateway.invalid/x", seed=1
    )
    simulator.set_faults(FaultSettings(next=(Fault.DROP_BEFORE,)))
    environ = {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_URL": "http://simulator.invalid",
    }
    channel = create_channel(environ, "http://gateway.invalid")
    assert channel is not None

    async with httpx.AsyncClient() as wire:
        server = SimulatorServer(simulator, wire)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server)) as http:
            with pytest.raises(Unknown):
                await channel.send(REPLY, http)
        await server.aclose()


async def test_pending_webhooks_are_cancelled_when_the_server_stops() -> None:
    async with provider_client() as http:
        simulator = TwilioSimulator(
            account_sid=ACCOUNT, auth_token=TOKEN, webhook_url="http://gateway.invalid/x", seed=1
        )
        simulator.set_faults(FaultSettings(webhooks_shuffled=3600.0))
        server = SimulatorServer(simulator, http)
        async with serve(server) as url:
            message = {"surface": "sms", "from": ADA, "text": "Hi"}
            await http.post(f"{url}/_simulator/say", json=message)
        await server.wait_until_idle()


async def test_a_port_in_use_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as is_accepted, pytest.raises(OSError, match="in use"):
        async with serve(Starlette(), port=is_accepted.getsockname()[1]):
            pass
