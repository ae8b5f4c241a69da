"""Twilio messages with missing or unusual fields: nothing that a contact sends ends in silence."""

from __future__ import annotations

import httpx
import pytest

from channels._kit.simulator import SimulatorRequest
from channels.twilio.simulator.server import TwilioSimulator
from core.errors import Rejected
from core.model import UNSUPPORTED_KIND, Address, FailureKind, Ignored, Reply, StatusChanged
from tests.channels.twilio.builders import (
    ACCOUNT,
    TOKEN,
    URL,
    build_channel,
    build_payload,
    parse_event,
    parse_turn,
)

NOW = 1_795_428_000.0


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("sms", {"NumMedia": "1"}),
        ("mms", {"NumMedia": ""}),
        ("mms", {"NumMedia": "2", "MediaUrl0": "ftp://files.example/a.png", "MediaUrl1": ""}),
        ("whatsapp_location", {"MessageType": "image", "Latitude": "", "NumMedia": "1"}),
        ("whatsapp_location", {"Latitude": "", "Label": "", "Address": ""}),
        ("whatsapp_location", {"Latitude": "47,5", "Longitude": "19,0", "Label": "", "Address": ""}),
        ("whatsapp_location", {"MessageType": "document", "Latitude": ""}),
    ],
)
def test_content_that_cannot_be_read_is_answered_as_unsupported(name: str, fields: dict[str, str]) -> None:
    found = parse_turn(build_payload(name, Body="", **fields))

    assert (found.kind, found.has_content) == (UNSUPPORTED_KIND, False)


def test_the_label_of_a_form_that_cannot_be_read_is_not_what_the_contact_says() -> None:
    found = parse_turn(build_payload("whatsapp_button", ButtonPayload="", Body="Sent", FlowData='{"size":'))

    assert (found.kind, found.text, found.form) == (UNSUPPORTED_KIND, "", None)


@pytest.mark.parametrize("kind", ["revoke", "system", "request_welcome"])
def test_an_event_without_content_is_no_message(kind: str) -> None:
    event = parse_event(build_payload("whatsapp_location", Latitude="", MessageType=kind))

    assert event == Ignored(reason="empty message")


@pytest.mark.parametrize("prefix", ["WhatsApp:", "WHATSAPP:"])
def test_whatsapps_prefix_may_be_in_any_case(prefix: str) -> None:
    usual = build_payload("whatsapp_button", ExternalUserId="whatsapp:US.9")
    other = build_payload(
        "whatsapp_button",
        From=f"{prefix}+12025550171",
        To=f"{prefix}+12025550101",
        ExternalUserId=f"{prefix}US.9",
    )

    assert parse_turn(other).session == parse_turn(usual).session
    assert parse_turn(other).address == parse_turn(usual).address


def test_other_prefixes_may_be_in_any_case() -> None:
    assert parse_event(build_payload("sms", From="RCS:agent_1")) == Ignored(reason="rcs address")


@pytest.mark.parametrize(
    "fields",
    [
        {"MessageStatus": "", "SmsStatus": "undelivered"},
        {"MessageStatus": "", "SmsStatus": "undelivered", "Body": "Hello"},
        {"MessageStatus": "UNDELIVERED"},
    ],
)
def test_a_callback_is_known_by_either_status_also_with_the_sent_text(
    fields: dict[str, str],
) -> None:
    event = parse_event(build_payload("status_delivered", ErrorCode=" 21610 ", **fields))

    assert isinstance(event, StatusChanged)
    assert (event.error_code, event.failure) == ("21610", FailureKind.OPTED_OUT)


@pytest.mark.parametrize(
    ("ours", "theirs", "settings", "failure"),
    [
        ("+15550199", "+15550170", {}, FailureKind.ACCOUNT),
        ("ALERTS", "+15550170", {}, FailureKind.ACCOUNT),
        ("whatsapp:+15550199", "whatsapp:+15550170", {}, FailureKind.ACCOUNT),
        ("+15550100", "+15550170", {"TWILIO_MESSAGING_SERVICE_SID": "MG" + "9" * 32}, FailureKind.ACCOUNT),
        ("+15550100", "+15550100", {}, FailureKind.UNREACHABLE),
        ("+15550100", "nobody", {}, FailureKind.UNREACHABLE),
    ],
)
async def test_a_sender_that_is_set_up_wrongly_is_a_problem_of_the_account(
    ours: str, theirs: str, settings: dict[str, str], failure: FailureKind
) -> None:
    simulator = TwilioSimulator(account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=URL, seed=1)
    address = Address(channel="twilio", account=ACCOUNT, ours=ours, theirs=theirs)

    def answer(request: httpx.Request) -> httpx.Response:
        url = request.url.raw_path.decode()
        call = SimulatorRequest(request.method, url, dict(request.headers), request.content)
        response, _ = simulator.handle(call, NOW)
        return httpx.Response(response.status, headers=dict(response.headers), content=response.body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with pytest.raises(Rejected) as refused:
            await build_channel(**settings).send(Reply(key="turn.1", address=address, body="Hello"), http)

    assert refused.value.failure is failure
