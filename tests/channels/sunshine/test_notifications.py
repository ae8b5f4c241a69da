"""First messages to phone numbers: addresses, requests, refusals and events of version 1.1."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import respx

from channels._kit.simulator import SimulatorRequest
from channels.sunshine import SunshineChannel
from channels.sunshine.simulator.notifications import INTEGRATIONS
from channels.sunshine.simulator.server import SunshineSimulator
from core.errors import ConfigurationError, DeliveryError, InvalidContact, Rejected, Throttled, Unknown
from core.model import (
    Address,
    Attachment,
    Choice,
    DeliveryStatus,
    Event,
    FailureKind,
    Ignored,
    Reply,
    StatusChanged,
    Template,
    TurnReceived,
)
from core.ports import Webhook
from tests.channels.sunshine.builders import (
    APP,
    CONVERSATION,
    OURS,
    SECRET,
    build_channel,
    build_message_event,
    build_webhook,
)

SMS, WHATSAPP = INTEGRATIONS
NUMBER = "+15550171"
URL = f"https://example.zendesk.com/sc/v1.1/apps/{APP}/notifications"
NAMES = (f"sunshine:{APP}:{CONVERSATION}", f"sunshine:{APP}:{SMS}:{NUMBER}")


def build_numbered_channel(**changed: str) -> SunshineChannel:
    setting = f"twilio:{SMS}, whatsapp:{WHATSAPP}"
    return build_channel(**{"SUNSHINE_NOTIFICATION_INTEGRATIONS": setting, **changed})


def build_reply(integration: str = SMS, **fields: Any) -> Reply:
    address = build_numbered_channel().start_conversation(NUMBER, integration).address
    return Reply.model_validate({"key": "own-1", "address": address, "body": "Hello", **fields})


async def send(reply: Reply, **answer: Any) -> Any:
    """Send a reply; return the request."""
    answer = answer or {"status_code": 201, "json": {"notification": {"_id": "n1"}}}
    with respx.mock as router:
        route = router.post(URL).respond(**answer)
        async with httpx.AsyncClient() as http:
            sent = await build_numbered_channel().send(reply, http)
        assert sent.provider_id == "n1"
        return json.loads(route.calls.last.request.content)


def test_a_contact_is_a_number_of_an_integration() -> None:
    by_sms = build_numbered_channel().start_conversation("+1 (555) 0171", SMS)
    on_whatsapp = build_numbered_channel().start_conversation("0015550171", WHATSAPP)

    assert by_sms.address == Address(channel="sunshine", account=APP, ours=SMS, theirs=NUMBER)
    assert by_sms.session == f"sunshine:{APP}:{SMS}:{NUMBER}"
    assert on_whatsapp.address.theirs == f"whatsapp:{NUMBER}"
    assert on_whatsapp.session == f"sunshine:{APP}:{WHATSAPP}:{NUMBER}"


@pytest.mark.parametrize(
    ("setting", "to", "sender", "reason"),
    [
        ("", NUMBER, "", "SUNSHINE_NOTIFICATION_INTEGRATIONS to send the first message"),
        (f"twilio:{SMS}", NUMBER, OURS, "ID of an integration"),
        (f"twilio:{SMS},whatsapp:{WHATSAPP}", NUMBER, "", "from which number"),
        (f"twilio:{SMS}", "ada", "", "not a phone number"),
    ],
)
def test_whom_nobody_can_write_to_is_refused(setting: str, to: str, sender: str, reason: str) -> None:
    with pytest.raises(InvalidContact, match=reason):
        build_numbered_channel(SUNSHINE_NOTIFICATION_INTEGRATIONS=setting).start_conversation(to, sender)


@pytest.mark.parametrize("setting", [SMS, f"web:{SMS}", "twilio:", "twilio:a b"])
def test_a_wrong_setting_is_an_error_at_the_start(setting: str) -> None:
    with pytest.raises(ConfigurationError, match="SUNSHINE_NOTIFICATION_INTEGRATIONS must be type:ID"):
        build_numbered_channel(SUNSHINE_NOTIFICATION_INTEGRATIONS=setting)


async def test_a_text_and_a_file_are_messages_of_the_app_maker() -> None:
    choice = Choice(label="Page", payload="", url="https://example.com")
    picture = Attachment(url="https://files.example.com/1", content_type="image/png")

    assert await send(build_reply(choices=(choice,))) == {
        "destination": {"integrationId": SMS, "destinationId": NUMBER},
        "author": {"role": "appMaker"},
        "message": {
            "type": "text",
            "text": "Hello",
            "actions": [{"type": "link", "text": "Page", "uri": "https://example.com"}],
        },
    }
    assert (await send(build_reply(body="", media=(picture,))))["message"] == {
        "type": "image",
        "mediaUrl": picture.url,
    }


async def test_a_template_is_sent_in_the_form_of_whatsapp() -> None:
    template = Template(name="parcel", language="en_US", variables={"1": "Ada"})
    sent = await send(build_reply(WHATSAPP, body="", template=template))

    assert sent["messageSchema"] == "whatsapp"
    assert sent["destination"]["destinationId"] == NUMBER
    assert sent["message"] == {
        "type": "template",
        "template": {
            "name": "parcel",
            "language": {"code": "en_US", "policy": "deterministic"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ada"}]}],
        },
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"act": "hand_off"},
        {"body": "", "template": Template(name="parcel", language="en")},
        {"media": (Attachment(url="http://10.0.0.1/a.png", content_type="image/png"),)},
    ],
)
async def test_what_a_number_cannot_get_is_rejected_without_a_call(fields: dict[str, Any]) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: pytest.fail("called"))) as http:
        with pytest.raises(Rejected):
            await build_numbered_channel().send(build_reply(**fields), http)


@pytest.mark.parametrize(
    ("status", "code", "error", "failure"),
    [
        (400, "bad_request", Rejected, None),
        (401, "unauthorized", Rejected, FailureKind.ACCOUNT),
        (404, "integration_not_found", Rejected, FailureKind.ACCOUNT),
        (429, "too_many_requests", Throttled, None),
        (503, "unavailable", Unknown, None),
    ],
)
async def test_an_error_of_version_1_is_classified(
    status: int, code: str, error: type[DeliveryError], failure: FailureKind | None
) -> None:
    body = {"error": {"code": code, "description": "no, not +15550171"}}
    with pytest.raises(error) as raised:
        await send(build_reply(), status_code=status, json=body)

    assert raised.value.code == code
    assert NUMBER not in raised.value.reason
    assert failure is None or (isinstance(raised.value, Rejected) and raised.value.failure is failure)


def build_delivery(kind: str, app: str = APP, **more: Any) -> Webhook:
    body = {
        "trigger": f"notification:{kind}",
        "app": {"_id": app},
        "version": "v1.1",
        "notification": {"_id": "n1"},
        "destination": {"type": "twilio", "integrationId": SMS, "destinationId": NUMBER.removeprefix("+")},
        **more,
    }
    return Webhook("POST", "/webhooks/sunshine", {"x-api-key": SECRET}, json.dumps(body).encode())


def test_a_delivery_has_a_status_and_names_the_conversation() -> None:
    matched = {"conversation": {"_id": CONVERSATION}, "appUser": {"_id": "u1"}}

    assert build_numbered_channel().parse(build_delivery("delivery:user", matchResult=matched)) == [
        StatusChanged(channel="sunshine", provider_id="n1", status=DeliveryStatus.DELIVERED),
        Ignored(reason="notification matched", aliases=NAMES, joins_known=True),
    ]
    error = {"code": "uncategorized_error", "underlyingError": {"code": 21610, "message": "unsubscribed"}}
    [failed] = build_numbered_channel().parse(build_delivery("delivery:failure", error=error))
    assert isinstance(failed, StatusChanged)
    assert (failed.status, failed.failure) == (DeliveryStatus.FAILED, FailureKind.OPTED_OUT)


@pytest.mark.parametrize(
    ("webhook", "reason"),
    [
        (build_delivery("delivery:user", app="another"), "other app"),
        (build_delivery("typing"), "unknown status"),
    ],
)
def test_another_event_of_version_1_is_ignored(webhook: Webhook, reason: str) -> None:
    assert build_numbered_channel().parse(webhook) == [Ignored(reason=reason)]


def parse_message(**source: Any) -> list[Event]:
    return build_numbered_channel().parse(
        build_webhook(
            build_message_event({"type": "text", "text": "Hi"}, source={"type": "twilio", **source})
        )
    )


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ({"integrationId": SMS, "client": {"type": "twilio", "externalId": NUMBER}}, NAMES),
        ({"client": {"type": "twilio", "externalId": NUMBER, "integrationId": SMS}}, NAMES),
        ({"integrationId": SMS, "client": {"type": "whatsapp", "externalId": "US.13491208655302741918"}}, ()),
        ({"integrationId": "another", "client": {"type": "twilio", "externalId": NUMBER}}, ()),
        ({"integrationId": SMS}, ()),
    ],
)
def test_a_message_names_its_number_if_its_integration_is_known(
    source: dict[str, Any], names: tuple[str, ...]
) -> None:
    [event] = parse_message(**source)

    assert isinstance(event, TurnReceived)
    assert event.aliases == names


DESTINATION = {"integrationId": SMS, "destinationId": NUMBER}
GOOD = {
    "destination": DESTINATION,
    "author": {"role": "appMaker"},
    "message": {"type": "text", "text": "Hello"},
}
TEMPLATE = {"type": "template", "template": {"name": "parcel", "language": {"code": "en"}}}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 201),
        ({"destination": {**DESTINATION, "destinationId": "15550171"}}, 201),
        ({"destination": {**DESTINATION, "integrationId": "none"}}, 404),
        ({"destination": {**DESTINATION, "destinationId": "ada"}}, 400),
        ({"destination": None}, 400),
        ({"author": {"type": "business"}}, 400),
        ({"message": {"type": "text", "text": "x" * 4097}}, 400),
        ({"message": {"type": "text"}}, 400),
        ({"message": TEMPLATE, "messageSchema": "whatsapp"}, 400),
        (
            {
                "message": TEMPLATE,
                "messageSchema": "whatsapp",
                "destination": {**DESTINATION, "integrationId": WHATSAPP},
            },
            201,
        ),
        ({"message": TEMPLATE}, 400),
    ],
)
def test_the_simulator_refuses_what_the_api_refuses(changed: dict[str, Any], status: int) -> None:
    simulator = SunshineSimulator(app=APP, key=("k", "s"), secret=SECRET, webhook_url="", seed=7)
    headers = {"authorization": httpx.BasicAuth("k", "s")._auth_header}
    request = SimulatorRequest(
        "POST", f"/v1.1/apps/{APP}/notifications", headers, json.dumps({**GOOD, **changed}).encode()
    )
    response, deliveries = simulator.handle(request, 1_796_000_000.0)

    assert response.status == status
    body = json.loads(response.body)
    assert body["notification"]["_id"] if status == 201 else body["error"]["code"]
    assert bool(deliveries) == (status == 201)


@pytest.mark.parametrize(
    ("number", "zone"), [("+4917012345678", "Europe/Berlin"), ("+61412345678", ""), ("US.1", "")]
)
async def test_the_time_zone_of_a_contact_is_that_of_their_number(number: str, zone: str) -> None:
    [event] = parse_message(client={"type": "twilio", "externalId": number})
    assert isinstance(event, TurnReceived)
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: pytest.fail("called"))) as http:
        assert await build_channel().find_time_zone(event.turn, http) == zone
