"""A simulated app of Meta, and calls of its API."""

from __future__ import annotations

import json
from typing import Any

import httpx

from channels._kit.simulator import (
    SimulatorRequest,
    SimulatorResponse,
    UserMessage,
    WebhookDelivery,
)
from channels.whatsapp.rendering import build_request
from channels.whatsapp.simulator.records import IdentityMode
from channels.whatsapp.simulator.server import WhatsAppSimulator
from core.model import (
    Address,
    Event,
    Message,
    Reply,
)
from core.ports import Webhook
from tests.channels.whatsapp.builders import ACCOUNT, OURS, SECRET, TOKEN, build_channel

PERSON, NOW = "+12025550180", 1_790_000_000.0


HELLO = UserMessage("whatsapp", PERSON, "Hi é")


MEDIA_URL = "https://graph.facebook.com/v26.0"


def make_simulator(identity: IdentityMode = IdentityMode.BOTH) -> WhatsAppSimulator:
    return WhatsAppSimulator(
        app_secret=SECRET,
        access_token=TOKEN,
        webhook_url="https://bots.example.com/webhooks/whatsapp",
        seed=1,
        identity=identity,
    )


def parse_deliveries(deliveries: list[WebhookDelivery]) -> list[Event]:
    """Return the events that the channel parses from the webhooks."""
    events = []
    for delivery in deliveries:
        hook = Webhook(delivery.method, delivery.url, delivery.headers, delivery.body)
        build_channel().verify(hook)
        events += build_channel().parse(hook)
    return events


def call(
    simulator: WhatsAppSimulator, body: dict[str, Any], now: float = NOW
) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
    headers = {"authorization": f"Bearer {TOKEN}"}
    return simulator.handle(
        SimulatorRequest("POST", f"/v26.0/{OURS}/messages", headers, json.dumps(body).encode()), now
    )


def send(
    simulator: WhatsAppSimulator, message: Message, theirs: str = PERSON[1:], now: float = NOW
) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
    address = Address(channel="whatsapp", account=ACCOUNT, ours=OURS, theirs=theirs)
    [part] = build_channel().render(message, address)
    return call(simulator, build_request(Reply(key="turn.1", address=address, **dict(part)), MEDIA_URL), now)


def read_error_code(answer: SimulatorResponse) -> int:
    return int(json.loads(answer.body)["error"]["code"])


def build_interactive(**value: Any) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"body": {"text": "x"}, **value}}


def build_button(title: str, id: str = "a") -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": id, "title": title}}


def upload(simulator: WhatsAppSimulator, kind: str, size: int) -> SimulatorResponse:
    data = {"messaging_product": "whatsapp", "type": kind}
    request = httpx.Request("POST", "http://x", data=data, files={"file": ("a", b"x" * size, kind)})
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": request.headers["content-type"]}
    return simulator.handle(SimulatorRequest("POST", f"/v26.0/{OURS}/media", headers, request.read()), NOW)[0]
