"""The channel and its simulator in one process, on a manual clock."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx

from channels._kit.oauth import RefreshingCredentials, StaticCredentials
from channels._kit.simulator import (
    SimulatorRequest,
    SimulatorResponse,
    TranscriptEntry,
    UserMessage,
    WebhookDelivery,
)
from channels.zendesk import ZendeskChannel
from channels.zendesk.api import ZendeskClient
from channels.zendesk.client import ApiClient
from channels.zendesk.event_factory import Account
from channels.zendesk.simulator.server import ZendeskSimulator
from channels.zendesk.simulator.tickets import BOT_ID, HAND_OFF_GROUP_ID
from channels.zendesk.webhook import Verifier
from core.model import Address, ControlAction, ControlReceived, Event, Reply, SentMessage, TurnReceived
from core.ports import Webhook

URL, SECRET, TOKEN = "https://example.zendesk.com", "c2VjcmV0", "api-token"
HOOK = "https://bots.example.com/webhooks/zendesk"


class Simulation:
    """Account with one customer. `before_call` runs before each API call."""

    def __init__(
        self,
        *,
        by_triggers: bool = False,
        oauth: bool = False,
        sends_retry_after: bool = True,
        answered_status: str = "pending",
        group: str = str(HAND_OFF_GROUP_ID),
    ) -> None:
        self.now = 1_795_428_000.0
        self.simulator = ZendeskSimulator(
            secret=SECRET,
            api_token=TOKEN,
            webhook_url=HOOK,
            seed=7,
            by_triggers=by_triggers,
            sends_retry_after=sends_retry_after,
        )
        self.events: list[Event] = []
        self.before_call: Callable[[str, str], None] = lambda method, path: None
        credentials = self._renewed() if oauth else StaticCredentials(("bot@example.com/token", TOKEN), "")
        desk = Account(account="example", bot=str(BOT_ID))
        api = ZendeskClient(
            ApiClient(URL, credentials),
            desk,
            group=group,
            status=answered_status,
            now=self._moment,
            sleep=self._pass,
        )
        verifier = Verifier([SECRET], now=self._moment)
        self.channel = ZendeskChannel(url=URL, desk=desk, verifier=verifier, api=api, credentials=credentials)
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self._number = 0

    def parse_deliveries(self, deliveries: list[WebhookDelivery]) -> list[Event]:
        """Return the events of webhooks, verified and parsed."""
        found = []
        for delivery in sorted(deliveries, key=lambda each: each.at):
            hook = Webhook(delivery.method, "/webhooks/zendesk", delivery.headers, delivery.body)
            self.channel.verify(hook)
            found += self.channel.parse(hook)
        self.events += found
        return found

    async def send(self, body: str = "Hello", act: str = "say", ticket: int | None = None) -> SentMessage:
        """Send a reply of the bot on the customer's ticket."""
        self._number += 1
        return await self.channel.send(self._build_reply(body, act, ticket), self.http)

    async def find_sent(self, body: str) -> SentMessage | None:
        """Look for the reply that was sent last."""
        reply = self._build_reply(body, "say", None)
        return await self.channel.find_sent(reply, self.http, since=self._moment(), known=())

    def call(
        self,
        method: str,
        path: str,
        body: object = b"",
        content_type: str = "application/json",
        *,
        absolute: bool = False,
    ) -> SimulatorResponse:
        """Call the API directly, with the bot's credentials."""
        basic = base64.b64encode(f"bot@example.com/token:{TOKEN}".encode()).decode()
        headers = {
            "authorization": f"Basic {basic}",
            "content-type": content_type,
            "host": "example.zendesk.com",
        }
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = path if absolute else f"/api/v2{path}"
        return self.simulator.handle(SimulatorRequest(method, url, headers, raw), self.now)[0]

    def _build_reply(self, body: str, act: str, ticket: int | None) -> Reply:
        found = self.simulator.tickets.find_open_ticket("ada@example.com")
        number = ticket or (found.id if found else 1)
        address = Address(channel="zendesk", account="example", ours="example", theirs=str(number))
        return Reply.model_validate(
            {"key": f"turn.{self._number}", "address": address, "body": body, "act": act}
        )

    def list_lines(self, direction: str = "out") -> list[TranscriptEntry]:
        return [line for line in self.simulator.list_messages(self.now) if line.direction == direction]

    def _renewed(self) -> RefreshingCredentials:
        return RefreshingCredentials(
            "zendesk",
            url=f"{URL}/oauth/tokens",
            hint="",
            client_id="c",
            client_secret="s",
            refresh_token=self.simulator.admin.refresh_token,
            clock=lambda: self.now,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        self.before_call(request.method, path)
        call = SimulatorRequest(request.method, path, dict(request.headers), request.content)
        answer, deliveries = self.simulator.handle(call, self.now)
        self.parse_deliveries(deliveries)
        if answer.drop:
            raise httpx.RemoteProtocolError("dropped by the simulator")
        date = format_datetime(self._moment().replace(microsecond=0), usegmt=True)
        return httpx.Response(answer.status, headers={**answer.headers, "date": date}, content=answer.body)

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    async def _pass(self, seconds: float) -> None:
        self.now += seconds


def list_texts(events: list[Event]) -> list[str]:
    """Return the texts of the turns among events."""
    return [each.turn.text for each in events if isinstance(each, TurnReceived)]


def list_actions(events: list[Event]) -> list[ControlAction]:
    """Return the control actions among events."""
    return [each.act for each in events if isinstance(each, ControlReceived)]


ADA = "ada@example.com"


def send_user_message(desk: Simulation, text: str = "Where is my parcel?", **more: object) -> list[str]:
    """Send a message as Ada and return the texts of the turns."""
    _, deliveries = desk.simulator.send_user_message(UserMessage("zendesk", ADA, text, **more), desk.now)  # type: ignore[arg-type]
    found = list_texts(desk.parse_deliveries(deliveries))
    desk.now += 5
    return found
