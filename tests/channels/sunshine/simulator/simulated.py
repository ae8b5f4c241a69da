"""A simulated app of Sunshine Conversations, with the channel and a fetcher of files."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import httpx

from channels._kit.simulator import (
    SimulatorRequest,
    SimulatorResponse,
    UserMessage,
    WebhookDelivery,
)
from channels.sunshine.simulator.conversations import BOT_INTEGRATION
from channels.sunshine.simulator.server import SunshineSimulator
from core.model import (
    Address,
    ControlAction,
    ControlReceived,
    Event,
    Reply,
    TurnReceived,
)
from core.ports import Webhook
from tests.channels.sunshine.builders import APP, SECRET, build_channel

ADA, KEY = "ada", ("app_1", "key-secret")


class Simulation:
    """App with one contact. `before_call` runs before each API call."""

    def __init__(self, **more: object) -> None:
        self.now = 1_795_428_000.0
        self.simulator = SunshineSimulator(app=APP, key=KEY, secret=SECRET, webhook_url="", seed=7, **more)  # type: ignore[arg-type]
        self.channel = build_channel(
            SUNSHINE_API_URL="https://api.example.com",
            SUNSHINE_INTEGRATION_ID=BOT_INTEGRATION["integrationId"],
        )
        self.events: list[Event] = []
        self.before_call: Callable[[], None] = lambda: None
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self._number = 0

    def parse_deliveries(self, deliveries: list[WebhookDelivery]) -> list[Event]:
        """Return the events of webhooks, verified and parsed."""
        found = []
        for delivery in sorted(deliveries, key=lambda each: each.at):
            hook = Webhook(delivery.method, "/webhooks/sunshine", delivery.headers, delivery.body)
            self.channel.verify(hook)
            found += self.channel.parse(hook)
        self.events += found
        return found

    def say(self, text: str = "Hello", **more: object) -> list[str]:
        """Send a message as Ada and return the texts of the turns."""
        _, deliveries = self.simulator.send_user_message(UserMessage("sunshine", ADA, text, **more), self.now)  # type: ignore[arg-type]
        self.now += 5
        return [
            each.turn.text for each in self.parse_deliveries(deliveries) if isinstance(each, TurnReceived)
        ]

    def act(self, move: str, text: str = "") -> list[ControlAction]:
        """Run an agent's action and return the control actions."""
        found = self.parse_deliveries(self.simulator.run_agent_action(ADA, move, text, self.now))
        self.now += 5
        return [each.act for each in found if isinstance(each, ControlReceived)]

    def reply(self, **fields: object) -> Reply:
        self._number += 1
        thread = self.simulator.get_desk_status(ADA).thread
        address = Address(channel="sunshine", account=APP, ours=APP, theirs=thread)
        made = {"key": f"turn.{self._number}", "address": address, "body": "Hi", **fields}
        return Reply.model_validate(made)

    async def send(self, **fields: object) -> str:
        return (await self.channel.send(self.reply(**fields), self.http)).provider_id

    def call(
        self, method: str, what: str, body: object = b"", content_type: str = "application/json"
    ) -> SimulatorResponse:
        """Call the API directly: a path, or a path below Ada's conversation."""
        thread = self.simulator.get_desk_status(ADA).thread
        path = what if what.startswith("/") else f"/v2/apps/{APP}/conversations/{thread}/{what}"
        headers = {
            "authorization": f"Basic {base64.b64encode(b':'.join(each.encode() for each in KEY)).decode()}",
            "content-type": content_type,
            "host": "api.smooch.io",
        }
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer, deliveries = self.simulator.handle(SimulatorRequest(method, path, headers, raw), self.now)
        self.parse_deliveries(deliveries)
        return answer

    def list_texts(self, direction: str = "out") -> list[str]:
        return [line.text for line in self.simulator.list_messages(self.now) if line.direction == direction]

    def list_actions(self) -> list[ControlAction]:
        return [each.act for each in self.events if isinstance(each, ControlReceived)]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.before_call()
        path = request.url.raw_path.decode()
        call = SimulatorRequest(request.method, path, dict(request.headers), request.content)
        answer, deliveries = self.simulator.handle(call, self.now)
        self.parse_deliveries(deliveries)
        if answer.drop:
            raise httpx.RemoteProtocolError("dropped by the simulator")
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)
