"""Twilio's own library against the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from channels._kit.simulator import UserMessage
from channels.twilio.simulator.server import DEFAULT_SERVICE, TwilioSimulator
from tests.channels.sdk.hosted import HostedSimulator, host

ACCOUNT, TOKEN, WEBHOOK = "AC" + "0" * 31 + "1", "token", "https://bots.example.com/webhooks/twilio"
ADA, SMS, WHATSAPP = "+15550180", "+15550100", "whatsapp:+15550101"


class _LoopbackClient(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's HTTP client, with every API at the simulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def close(self) -> None:
        """Close the connections."""
        if self.session is not None:
            self.session.close()

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Any:
        path = url.partition("twilio.com")[2]
        return super().request(method, f"{self._url}{path}", *arguments, **options)


@pytest.fixture
async def twilio() -> AsyncIterator[tuple[HostedSimulator, Client]]:
    simulator = TwilioSimulator(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        webhook_url=WEBHOOK,
        seed=1,
        sms_number=SMS,
        whatsapp_number=WHATSAPP,
    )
    async with host(simulator) as hosted:
        simulator.url = hosted.url
        loopback = _LoopbackClient(hosted.url)
        yield hosted, Client(ACCOUNT, TOKEN, http_client=loopback)
        loopback.close()


@pytest.mark.long
async def test_messages_are_created_read_redacted_and_deleted(twilio: tuple[HostedSimulator, Client]) -> None:
    hosted, client = twilio
    create = client.messages.create
    sms = await hosted.call(lambda: create(to=ADA, from_=SMS, body="Hello", status_callback=WEBHOOK))
    mms = await hosted.call(lambda: create(to=ADA, from_=SMS, media_url=["https://shop.example/a.png"]))
    pooled = await hosted.call(lambda: create(to=ADA, messaging_service_sid=DEFAULT_SERVICE, body="Hi"))
    read = await hosted.call(lambda: client.messages(sms.sid).fetch())
    listed = await hosted.call(lambda: client.messages.list(to=ADA, page_size=1))

    assert (sms.status, sms.num_segments, read.body) == ("queued", "1", "Hello")
    assert read.status in ("queued", "sent", "delivered")
    assert (mms.num_media, pooled.messaging_service_sid) == ("1", DEFAULT_SERVICE)
    assert [each.sid for each in listed] == [pooled.sid, mms.sid, sms.sid]
    redacted = await hosted.call(lambda: client.messages(sms.sid).update(body=""))
    assert redacted.body == ""
    assert await hosted.call(lambda: client.messages(mms.sid).delete())


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "12", "from_": SMS, "body": "x"}, 21211),
        ({"to": ADA, "from_": "+15550199", "body": "x"}, 21659),
        ({"to": ADA, "from_": SMS}, 21602),
        ({"to": ADA, "from_": SMS, "body": "x" * 1601}, 21617),
        ({"to": ADA, "messaging_service_sid": "MG1", "body": "x"}, 21701),
        ({"to": ADA, "from_": SMS, "body": "x", "status_callback": "notaurl"}, 21609),
    ],
)
async def test_errors_have_status_and_code(
    twilio: tuple[HostedSimulator, Client], fields: dict[str, Any], code: int
) -> None:
    hosted, client = twilio
    with pytest.raises(TwilioRestException) as error:
        await hosted.call(lambda: client.messages.create(**fields))

    assert (error.value.status, error.value.code) == (400, code)


async def test_every_webhook_has_a_valid_signature(twilio: tuple[HostedSimulator, Client]) -> None:
    hosted, client = twilio
    for message in (
        UserMessage("sms", ADA, "Hello & é 😀\nagain"),
        UserMessage("whatsapp", ADA, "", place=(1.5, 2.5)),
        UserMessage("whatsapp", ADA, "Yes", button="y"),
        UserMessage("sms", ADA, "", media=("data:image/png;base64,eA==",)),
    ):
        await hosted.say(message)
    await hosted.call(
        lambda: client.messages.create(
            to=f"whatsapp:{ADA}", from_=WHATSAPP, body="x", status_callback=WEBHOOK
        )
    )
    validator = RequestValidator(TOKEN)

    assert len(hosted.webhooks) == 7
    for request in hosted.webhooks:
        fields = dict(parse_qsl((await request.aread()).decode(), keep_blank_values=True))
        assert validator.validate(WEBHOOK, fields, request.headers["x-twilio-signature"])


async def test_a_wrong_token_is_refused(twilio: tuple[HostedSimulator, Client]) -> None:
    hosted, _ = twilio
    loopback = _LoopbackClient(hosted.url)
    stranger = Client(ACCOUNT, "other", http_client=loopback)
    with pytest.raises(TwilioRestException) as error:
        await asyncio.to_thread(lambda: stranger.messages.create(to=ADA, from_=SMS, body="x"))
    loopback.close()

    assert (error.value.status, error.value.code) == (401, 20003)


async def test_a_content_is_made_submitted_listed_with_its_approval_and_sent(
    twilio: tuple[HostedSimulator, Client],
) -> None:
    hosted, client = twilio
    body = {
        "friendly_name": "welcome",
        "language": "en",
        "variables": {"1": "Ada"},
        "types": {"twilio/text": {"body": "Hello {{1}}, welcome."}},
    }
    contents = client.content.v1.contents
    created = await hosted.call(lambda: contents.create(contents.ContentCreateRequest(body)))
    approvals = contents(created.sid).approval_create
    approval = approvals.ContentApprovalRequest({"name": "welcome", "category": "UTILITY"})
    submitted = await hosted.call(lambda: approvals.create(approval))
    assert submitted.status == "received"

    for number in range(60):
        body["friendly_name"] = f"more_{number}"
        await hosted.call(lambda: contents.create(contents.ContentCreateRequest(body)))
    listed = await hosted.call(lambda: client.content.v1.content_and_approvals.list())
    assert len(listed) == 61
    statuses = {each.friendly_name: each.approval_requests["status"] for each in listed}
    assert (statuses["welcome"], statuses["more_0"]) == ("received", "unsubmitted")

    sent = await hosted.call(
        lambda: client.messages.create(
            to=ADA, from_=SMS, content_sid=created.sid, content_variables='{"1": "Bob"}'
        )
    )
    assert (await hosted.call(lambda: client.messages(sent.sid).fetch())).body == "Hello Bob, welcome."
