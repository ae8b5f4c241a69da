"""Requests of the channels and responses of the simulators conform to the providers' API descriptions."""

from __future__ import annotations

import httpx
import pytest

from channels._kit.simulator import ProviderSimulator, SimulatorRequest, UserMessage
from channels.intercom.simulator.records import contact_id
from channels.intercom.simulator.server import IntercomSimulator
from channels.sunshine.simulator.conversations import BOT_INTEGRATION
from channels.sunshine.simulator.server import SunshineSimulator
from channels.twilio.simulator.server import TwilioSimulator
from channels.zendesk.setup import set_up
from channels.zendesk.simulator.server import ZendeskSimulator
from channels.zendesk.simulator.tickets import BOT_ID
from core.errors import DeliveryError
from core.model import Address, Attachment, Choice, Message, Reply
from core.ports import Channel
from tests.channels.api_description import ApiDescription
from tests.channels.intercom import builders as intercom
from tests.channels.sunshine import builders as sunshine
from tests.channels.twilio import builders as twilio
from tests.channels.zendesk import builders as zendesk

NOW, ADA = 1_795_428_000.0, "+15550180"
MESSAGES = (
    Message(text="Hello **there** & [you](https://shop.example/)"),
    Message(text="Sure?", choices=tuple(Choice(label=each, payload=each) for each in ("Yes", "No"))),
    Message(text="Which?", choices=tuple(Choice(label=f"Row {n}", payload=f"{n}") for n in range(9))),
    Message(text="Look", choices=(Choice(label="Open", payload="", url="https://shop.example/"),)),
    Message(
        text="A picture", media=(Attachment(url="https://shop.example/a.png", content_type="image/png"),)
    ),
    Message(
        text="A file",
        media=(Attachment(url="https://shop.example/a.pdf", content_type="application/pdf", name="n" * 200),),
    ),
    Message(text="x" * 20_000),
)


class Exchange:
    """A channel against its simulator, each call held against the description."""

    def __init__(self, simulator: ProviderSimulator, *descriptions: str) -> None:
        self.simulator = simulator
        self.descriptions = [ApiDescription(name) for name in descriptions]
        self.problems: list[str] = []
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self._now = NOW

    async def send_all(self, channel: Channel[httpx.AsyncClient], address: Address) -> None:
        """Send every kind of message, then hand the conversation off."""
        number = 0
        for message in MESSAGES:
            for part in channel.render(message, address):
                number += 1
                await self._send(channel, Reply(key=f"turn.{number}", address=address, **dict(part)))
        if channel.capabilities.desk:
            for act in ("hand_off", "close"):
                reply = Reply.model_validate(
                    {"key": f"end.{act}", "address": address, "body": "x", "act": act}
                )
                await self._send(channel, reply)

    async def _send(self, channel: Channel[httpx.AsyncClient], reply: Reply) -> None:
        self._now += 60
        try:
            await channel.send(reply, self.http)
        except DeliveryError as error:
            if error.code not in ("held", "person", "closed", "forbidden", "not_in_control"):
                raise

    def _answer(self, request: httpx.Request) -> httpx.Response:
        url = request.url.raw_path.decode()
        call = SimulatorRequest(request.method, url, dict(request.headers), request.content)
        answer, _ = self.simulator.handle(call, self._now)
        response = httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)
        for description in self.descriptions:
            self.problems += description.find_problems(request, response)
        return response


async def test_twilio() -> None:
    simulator = TwilioSimulator(
        account_sid=twilio.ACCOUNT, auth_token=twilio.TOKEN, webhook_url=twilio.URL, seed=1
    )
    exchange = Exchange(simulator, "twilio", "twilio_content")
    for ours, theirs in (("+15550100", ADA), ("whatsapp:+15550101", f"whatsapp:{ADA}")):
        surface = "whatsapp" if ours.startswith("whatsapp:") else "sms"
        simulator.send_user_message(UserMessage(surface, ADA, "Hi"), NOW)
        address = Address(channel="twilio", account=twilio.ACCOUNT, ours=ours, theirs=theirs)
        await exchange.send_all(twilio.build_channel(), address)
    simulator.contents.add_samples()
    assert len(await twilio.build_channel().list_templates(exchange.http)) == 2

    assert exchange.problems == []
    assert any("POST" in each and "Messages" in each for each in exchange.descriptions[0].seen)
    assert "GET /v1/ContentAndApprovals" in exchange.descriptions[1].seen


async def test_intercom() -> None:
    simulator = IntercomSimulator(
        client_secret=intercom.SECRET, access_token=intercom.TOKEN, webhook_url="https://x.example", seed=1
    )
    simulator.send_user_message(UserMessage("intercom", ADA, "Hi"), NOW)
    exchange = Exchange(simulator, "intercom")
    thread = simulator.get_desk_status(ADA).thread
    address = Address(channel="intercom", account=intercom.APP, ours=intercom.APP, theirs=thread)
    channel = intercom.build_channel(INTERCOM_HANDOFF_TAG_ID="86", INTERCOM_CLOSE="yes")
    await exchange.send_all(channel, address)
    simulator.send_user_message(UserMessage("intercom", "grace@example.com", "Hi"), NOW)
    headers = {"Authorization": f"Bearer {intercom.TOKEN}"}
    lists = ("conversations", "conversations?per_page=1", "contacts", "contacts?per_page=1")
    for path in lists:
        answer = await exchange.http.get(f"https://x.example/{path}", headers=headers)
        assert answer.status_code == 200

    assert exchange.problems == []
    assert {"GET /conversations", "GET /contacts"} < exchange.descriptions[0].seen
    assert len(exchange.descriptions[0].seen) >= 6


async def test_the_other_calls_of_intercom() -> None:
    simulator = IntercomSimulator(
        client_secret=intercom.SECRET, access_token=intercom.TOKEN, webhook_url="https://x.example", seed=1
    )
    simulator.send_user_message(UserMessage("intercom", ADA, "Hi"), NOW)
    exchange = Exchange(simulator, "intercom")
    thread, person = simulator.get_desk_status(ADA).thread, contact_id(ADA)
    path, bot = f"conversations/{thread}", "9608555"
    source = {"type": "source", "conversation_id": thread, "source_id": "3381000001"}
    calls: list[tuple[str, str, object]] = [
        ("GET", "tags", None),
        ("POST", "tags", {"name": "Refund"}),
        ("GET", "tags/87", None),
        ("POST", f"{path}/tags", {"id": "87", "admin_id": bot}),
        ("DELETE", f"{path}/tags/87", {"admin_id": bot}),
        ("PUT", path, {"title": "A refund", "custom_attributes": {"order": "A1"}}),
        ("POST", "conversations/search", {"query": {"field": "open", "operator": "=", "value": "true"}}),
        ("POST", "conversations/redact", source),
        ("POST", f"contacts/{person}/notes", {"body": "VIP", "admin_id": bot}),
        ("GET", f"contacts/{person}/notes", None),
        ("GET", "notes/1", None),
        ("GET", f"contacts/{person}", None),
        ("GET", "teams/5017001", None),
        ("GET", f"admins/{bot}", None),
        ("DELETE", path, None),
    ]
    headers = {"Authorization": f"Bearer {intercom.TOKEN}"}
    answers = [
        await exchange.http.request(method, f"https://x.example/{path}", headers=headers, json=body)
        for method, path, body in calls
    ]

    assert [answer.status_code for answer in answers] == [200] * len(calls)
    assert exchange.problems == []
    assert len(exchange.descriptions[0].seen) == len(calls)


async def test_sunshine() -> None:
    key = ("app_1", "key-secret")
    simulator = SunshineSimulator(app=sunshine.APP, key=key, secret=sunshine.SECRET, webhook_url="", seed=7)
    simulator.send_user_message(UserMessage("sunshine", ADA, "Hi"), NOW)
    exchange = Exchange(simulator, "sunshine")
    thread = simulator.get_desk_status(ADA).thread
    channel = sunshine.build_channel(
        SUNSHINE_API_URL="https://api.example.com", SUNSHINE_INTEGRATION_ID=BOT_INTEGRATION["integrationId"]
    )
    address = Address(channel="sunshine", account=sunshine.APP, ours=sunshine.APP, theirs=thread)
    await exchange.send_all(channel, address)

    assert exchange.problems == []
    assert len(exchange.descriptions[0].seen) >= 3


async def test_zendesk() -> None:
    simulator = ZendeskSimulator(secret="c2VjcmV0", api_token="token", webhook_url="", seed=7)
    simulator.send_user_message(UserMessage("zendesk", "ada@example.com", "Hi"), NOW)
    exchange = Exchange(simulator, "zendesk")
    channel = zendesk.build_channel(ZENDESK_BOT_USER_ID=str(BOT_ID), ZENDESK_API_TOKEN="token")
    for theirs in (simulator.get_desk_status("ada@example.com").thread, "grace@example.com"):
        address = Address(channel="zendesk", account="example", ours="example", theirs=theirs)
        await exchange.send_all(channel, address)
    environ = {
        "ZENDESK_API_URL": "https://example.zendesk.com",
        "ZENDESK_EMAIL": "bot@example.com",
        "ZENDESK_API_TOKEN": "token",
    }
    async for _ in set_up(environ, "https://bots.example.com", exchange.http, by_triggers=True):
        pass

    assert exchange.problems == []
    assert len(exchange.descriptions[0].seen) >= 6


@pytest.mark.parametrize(
    ("name", "method", "path", "body"),
    [
        ("sunshine", "POST", "/v2/apps/a/conversations/c/messages", {"content": {"type": "text"}}),
        ("intercom", "POST", "/conversations/1/reply", {"message_type": "shout", "type": "admin"}),
        ("zendesk", "PUT", "/api/v2/tickets/1.json", {"ticket": {"comment": "words"}}),
    ],
)
def test_what_a_description_forbids_is_found(name: str, method: str, path: str, body: object) -> None:
    request = httpx.Request(method, f"https://x.example{path}", json=body)

    assert ApiDescription(name).find_problems(request, httpx.Response(400, content=b"{}"))
