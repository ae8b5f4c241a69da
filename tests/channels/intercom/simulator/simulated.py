"""A simulated workspace of Intercom, and calls of its API."""

from __future__ import annotations

import json
from typing import Any

from channels._kit.simulator import (
    SimulatorRequest,
    SimulatorResponse,
    UserMessage,
    WebhookDelivery,
)
from channels.intercom.simulator.server import IntercomSimulator
from core.model import (
    ControlAction,
    ControlReceived,
    Event,
    Turn,
    TurnReceived,
)
from core.ports import Webhook
from tests.channels.intercom.builders import BOT, SECRET, TOKEN, build_channel

PERSON, NOW = "+15550180", 1_790_000_000.0


def make_simulator(**more: Any) -> IntercomSimulator:
    url = "https://bots.example.com/webhooks/intercom"
    return IntercomSimulator(client_secret=SECRET, access_token=TOKEN, webhook_url=url, seed=1, **more)


def parse_deliveries(deliveries: list[WebhookDelivery]) -> list[Event]:
    """Return the events that the channel parses from the webhooks."""
    events = []
    for delivery in deliveries:
        hook = Webhook(delivery.method, delivery.url, delivery.headers, delivery.body)
        build_channel().verify(hook)
        events += build_channel().parse(hook)
    return events


def parse_actions(deliveries: list[WebhookDelivery]) -> list[ControlAction]:
    """Return the control actions of the webhooks, deduplicated by ID."""
    found = {each.id: each.act for each in parse_deliveries(deliveries) if isinstance(each, ControlReceived)}
    return list(dict.fromkeys(found.values()))


def parse_turns(deliveries: list[WebhookDelivery]) -> list[Turn]:
    return [each.turn for each in parse_deliveries(deliveries) if isinstance(each, TurnReceived)]


def send_user_message(
    simulator: IntercomSimulator, text: str = "Hi & é", now: float = NOW, **more: Any
) -> list[Turn]:
    return parse_turns(simulator.send_user_message(UserMessage("intercom", PERSON, text, **more), now)[1])


def call(
    simulator: IntercomSimulator,
    path: str,
    body: dict[str, Any] | None = None,
    now: float = NOW,
    **headers: str,
) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
    """Call the API about the contact's conversation; without a body it is a GET."""
    url = f"/conversations/{simulator.get_desk_status(PERSON).thread}{path}"
    made = {"authorization": f"Bearer {TOKEN}", "intercom-version": headers.pop("version", "2.14"), **headers}
    raw = json.dumps({"type": "admin", "admin_id": BOT, **body}).encode() if body is not None else b""
    return simulator.handle(SimulatorRequest("GET" if body is None else "POST", url, made, raw), now)


def read_error_code(answer: SimulatorResponse) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["errors"][0]["code"]
