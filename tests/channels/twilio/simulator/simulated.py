"""A simulated account of Twilio, and calls of its API."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from channels._kit.simulator import (
    SimulatorRequest,
    SimulatorResponse,
    WebhookDelivery,
)
from channels.twilio.simulator.server import TwilioSimulator
from tests.channels.twilio.builders import ACCOUNT, PUBLIC, TOKEN, URL

ADA, SMS, WHATSAPP = "+12025550170", "+15550100", "whatsapp:+15550101"


BASE = f"/2010-04-01/Accounts/{ACCOUNT}"


CALLBACK = f"{PUBLIC}/webhooks/twilio"


BASIC = {"authorization": f"Basic {b64encode(f'{ACCOUNT}:{TOKEN}'.encode()).decode()}"}


NOON = 1_790_000_000.0


def make_simulator(
    fragment: str = "", *, seed: int = 1, fallback_url: str = "", max_messages: int = 1000
) -> TwilioSimulator:
    return TwilioSimulator(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        webhook_url=f"{URL}{fragment}",
        seed=seed,
        fallback_url=fallback_url,
        max_messages=max_messages,
    )


def create_message(
    simulator: TwilioSimulator,
    fields: Mapping[str, str] | None = None,
    *,
    now: float = NOON,
    headers: Mapping[str, str] = BASIC,
) -> tuple[SimulatorResponse, list[WebhookDelivery]]:
    form = {"To": ADA, "From": SMS, "Body": "Hello", "StatusCallback": CALLBACK} | dict(fields or {})
    body = urlencode({name: value for name, value in form.items() if value}).encode()
    return simulator.handle(SimulatorRequest("POST", f"{BASE}/Messages.json", headers, body), now)


def read_error_code(answer: SimulatorResponse) -> tuple[int, int]:
    return answer.status, json.loads(answer.body)["code"]


def read_statuses(deliveries: list[WebhookDelivery]) -> list[str]:
    return [dict(parse_qsl(delivery.body.decode()))["MessageStatus"] for delivery in deliveries]
