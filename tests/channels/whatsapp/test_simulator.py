"""WhatsApp simulator: API rules, and compatibility with the channel."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from channels._kit.simulator import (
    Fault,
    FaultSettings,
    FetchedFile,
    Operation,
    SimulatorRequest,
    SimulatorResponse,
    UserMessage,
    WebhookDelivery,
    WebhookResult,
)
from channels.whatsapp.rendering import build_request
from channels.whatsapp.simulator.records import IdentityMode, build_user_id
from channels.whatsapp.simulator.server import WhatsAppSimulator
from core.model import (
    Address,
    Choice,
    ControlReceived,
    DeliveryStatus,
    Event,
    Message,
    Reply,
    StatusChanged,
    Turn,
    TurnReceived,
)
from core.ports import Webhook
from tests.channels.whatsapp.builders import ACCOUNT, OURS, SECRET, TOKEN, whatsapp

PERSON, NOW = "+12025550180", 1_790_000_000.0
HELLO = UserMessage("whatsapp", PERSON, "Hi é")
MEDIA_URL = "https://graph.facebook.com/v26.0"


def made(identity: IdentityMode = IdentityMode.BOTH) -> WhatsAppSimulator:
    return WhatsAppSimulator(
        app_secret=SECRET,
        access_token=TOKEN,
        webhook_url="https://bots.example.com/webhooks/whatsapp",
        seed=1,
        identity=identity,
    )


def heard(deliveries: list[WebhookDelivery]) -> list[Event]:
    """Return the events that the channel parses from the webhooks."""
    events = []
    for delivery in deliveries:
        hook = Webhook(delivery.method, delivery.url, delivery.headers, delivery.body)
        whatsapp().verify(hook)
        events += whatsapp().parse(hook)
    return events


def turn_of(deliveries: list[WebhookDelivery]) -> Turn:
    [event] = heard(deliveries)
    assert isinstance(event, TurnReceived)
    return event.turn


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
    [part] = whatsapp().render(message, address)
    return call(simulator, build_request(Reply(key="turn.1", address=address, **dict(part)), MEDIA_URL), now)


def code(answer: SimulatorResponse) -> int:
    return int(json.loads(answer.body)["error"]["code"])


@pytest.mark.parametrize(
    ("identity", "theirs"),
    [
        (IdentityMode.PHONE, PERSON[1:]),
        (IdentityMode.BOTH, PERSON[1:]),
        (IdentityMode.HIDDEN, build_user_id(PERSON)),
    ],
)
def test_a_message_is_a_turn_in_every_identity_mode(identity: IdentityMode, theirs: str) -> None:
    wamid, deliveries = made(identity).send_user_message(HELLO, NOW)
    turn = turn_of(deliveries)

    assert (turn.id, turn.text, turn.address.theirs) == (wamid, "Hi é", theirs)


def test_simultaneous_messages_are_one_batch() -> None:
    people = [replace(HELLO, person=f"+1202555{number:04}") for number in range(300)]
    wamids, [delivery] = made().send_user_messages(people, NOW)

    assert [event.turn.id for event in heard([delivery]) if isinstance(event, TurnReceived)] == wamids


def test_a_chosen_row_is_a_list_reply_and_a_button_a_button_reply() -> None:
    simulator = made()
    simulator.send_user_message(HELLO, NOW)
    for count, kind in ((2, "button_reply"), (5, "list_reply")):
        choices = tuple(Choice(label=f"{kind} {n}", payload=f"{kind}{n}") for n in range(count))
        send(simulator, Message(text="Which?", choices=choices))
        _, [delivery] = simulator.send_user_message(replace(HELLO, text="x", button=f"{kind}1"), NOW)

        assert f'"type":"{kind}"' in delivery.body.decode()
        assert turn_of([delivery]).payload == f"{kind}1"


def test_a_reply_is_accepted_and_its_statuses_return_the_key() -> None:
    simulator = made()
    simulator.send_user_message(HELLO, NOW)
    answer, deliveries = send(simulator, Message(text="Hello"))
    statuses = [event for event in heard(deliveries) if isinstance(event, StatusChanged)]

    assert [status.status for status in statuses] == [
        DeliveryStatus.SENT,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.READ,
    ]
    assert {status.provider_id for status in statuses} == {json.loads(answer.body)["messages"][0]["id"]}
    assert {status.reply_key for status in statuses} == {f"{OURS}:{PERSON[1:]}:turn.1"}
    assert [line.text for line in simulator.list_messages(NOW)] == ["Hi é", "Hello"]


def test_statuses_are_delayed_repeated_and_shuffled_by_the_fault_settings() -> None:
    simulator = made()
    simulator.send_user_message(HELLO, NOW)
    simulator.set_faults(FaultSettings(statuses_twice=1.0, statuses_late=30.0, statuses_shuffled=10.0))
    _, deliveries = send(simulator, Message(text="Hello"))

    assert len(deliveries) == 6
    assert all(delivery.at >= NOW + 30 for delivery in deliveries)


def test_outside_the_service_window_a_message_is_accepted_and_fails_later() -> None:
    simulator = made()
    simulator.send_user_message(HELLO, NOW)
    answer, deliveries = send(simulator, Message(text="Hello"), now=NOW + 24 * 3600)
    [event] = heard(deliveries)

    assert answer.status == 200
    assert isinstance(event, StatusChanged)
    assert (event.status, event.error_code) == (DeliveryStatus.FAILED, "131047")


def test_a_user_id_in_place_of_a_number_is_dropped() -> None:
    simulator = made(IdentityMode.HIDDEN)
    theirs = turn_of(simulator.send_user_message(HELLO, NOW)[1]).address.theirs
    _, delivered = send(simulator, Message(text="Hello"), theirs)
    answer, dropped = call(
        simulator, {"messaging_product": "whatsapp", "to": theirs, "type": "text", "text": {"body": "x"}}
    )

    assert (len(delivered), answer.status, dropped) == (3, 200, [])
    assert [line.text for line in simulator.list_messages(NOW, person=PERSON)] == ["Hi é", "Hello"]


def test_the_pair_rate_limit_applies_to_one_contact_only() -> None:
    simulator = made()
    simulator.send_user_message(HELLO, NOW)
    answers = [send(simulator, Message(text="x"))[0] for _ in range(46)]

    assert [answer.status for answer in answers[:45]] == [200] * 45
    assert code(answers[45]) == 131056
    assert send(simulator, Message(text="x"), "12025550181")[0].status == 200
    assert send(simulator, Message(text="x"), now=NOW + 6)[0].status == 200


def test_the_throughput_limit_is_eighty_per_second() -> None:
    simulator = made()
    answers = [send(simulator, Message(text="x"), f"1202555{number:04}")[0] for number in range(81)]

    assert code(answers[80]) == 130429
    assert send(simulator, Message(text="x"), "12025559999", NOW + 1)[0].status == 200


def interactive(**value: Any) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"body": {"text": "x"}, **value}}


def button(title: str, id: str = "a") -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": id, "title": title}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"type": "text", "text": {"body": ""}}, 100),
        ({"type": "text", "text": {"body": "x" * 4097}}, 100),
        ({"type": "text"}, 131008),
        ({"type": "pigeon", "pigeon": {}}, 131051),
        ({"type": "image", "image": {"link": "https://x", "caption": "x" * 1025}}, 131009),
        (interactive(type="button", action={"buttons": []}), 131009),
        (interactive(type="button", action={"buttons": [button("x" * 21)]}), 131009),
        (interactive(type="button", action={"buttons": [button("x"), button("x", "b")]}), 131009),
        (interactive(type="list", action={"button": "Go", "sections": []}), 131009),
        ({"to": "", "type": "text", "text": {"body": "x"}}, 131008),
        ({"biz_opaque_callback_data": "x" * 513, "type": "text", "text": {"body": "x"}}, 131009),
        ({"type": "image", "image": {}}, 131008),
        ({"type": "image", "image": {"link": "nourl"}}, 131009),
        ({"type": "image", "image": {"id": "999999999999999"}}, 131009),
        ({"type": "audio", "audio": {"link": "https://x.example/a", "caption": "x"}}, 100),
        (interactive(type="button", header={"type": "text", "text": "x" * 61}, action={}), 131009),
        (interactive(type="button", footer={"text": "x" * 61}, action={}), 131009),
        (interactive(type="button", action={"buttons": [{"type": "reply"}]}), 131008),
        (interactive(type="list", action={"button": "Go", "sections": [{"rows": [{"id": "a"}]}]}), 131008),
        (
            interactive(
                type="list",
                action={
                    "button": "Go",
                    "sections": [{"rows": [{"id": n, "title": n}]} for n in ("a", "b")],
                },
            ),
            131008,
        ),
        ({"type": "template", "template": {"name": "no_such", "language": {"code": "en_US"}}}, 132001),
        ({"type": "template", "template": {"name": "order_update", "language": {"code": "xx"}}}, 132001),
        ({"type": "template", "template": {"name": "order_update"}}, 131008),
        ({"type": "template", "template": {"name": "order_update", "language": {"code": "de"}}}, 132000),
        ({"type": "template", "template": {"name": "spring_sale", "language": {"code": "en_US"}}}, 132015),
        ({"type": "text", "text": "x"}, 100),
        ({"type": "reaction", "reaction": {"emoji": "x"}}, 131008),
        ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, 131009),
        ({"type": "contacts", "contacts": []}, 131009),
        ({"status": "read"}, 131008),
        ({"status": "read", "message_id": "wamid.none"}, 131009),
    ],
)
def test_an_invalid_message_is_refused_with_metas_code(body: dict[str, Any], expected: int) -> None:
    answer, _ = call(made(), {"messaging_product": "whatsapp", "to": PERSON[1:], **body})

    assert code(answer) == expected


def test_a_wrong_token_is_refused() -> None:
    answer, _ = made().handle(SimulatorRequest("POST", f"/v26.0/{OURS}/messages", {}, b"{}"), NOW)

    assert (answer.status, code(answer)) == (401, 190)


@pytest.mark.parametrize(
    ("status", "again"), [(200, False), (204, True), (401, True), (503, True), (None, True)]
)
def test_any_status_but_200_is_retried(status: int | None, again: bool) -> None:
    simulator = made()
    _, [delivery] = simulator.send_user_message(HELLO, NOW)

    assert bool(simulator.handle_delivery_result(delivery, WebhookResult(status), NOW)) is again


def test_a_webhook_is_retried_with_backoff_for_seven_days() -> None:
    simulator, now, gaps = made(), NOW, []
    _, deliveries = simulator.send_user_message(HELLO, NOW)
    while deliveries:
        [delivery] = deliveries
        gaps.append(delivery.at - now)
        now = delivery.at
        deliveries = simulator.handle_delivery_result(delivery, WebhookResult(503), now)

    assert gaps[:4] == [0, 0, 5, 10]
    assert max(gaps) == 6 * 3600
    assert 6.5 * 24 * 3600 < now - NOW <= 7 * 24 * 3600


def test_a_reply_from_the_business_phone_is_a_take_over() -> None:
    [event] = heard(made().reply_from_phone(PERSON, "I help", NOW))

    assert isinstance(event, ControlReceived)


@pytest.mark.parametrize(
    ("fault", "status", "taken"),
    [
        (Fault.TOO_MANY, 400, 0),
        (Fault.SERVER_ERROR, 500, 0),
        (Fault.ERROR_AFTER, 500, 1),
        (Fault.DROP_AFTER, 200, 1),
    ],
)
def test_faults_are_injected(fault: Fault, status: int, taken: int) -> None:
    simulator = made()
    simulator.set_faults(FaultSettings(next=(fault,)))
    answer, _ = send(simulator, Message(text="x"))

    assert (answer.status, len(simulator.list_messages(NOW))) == (status, taken)


def test_an_unexpected_path_version_or_body_is_the_providers_400() -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    for url, body in (
        (f"/v26.0/{OURS}/messages", b"{"),
        (f"/v26.0/{OURS}/messages", b"[]"),
        (f"/v26.0/{OURS}/media", b"no form"),
        (f"/nonsense/{OURS}/messages", b"{}"),
        ("/v26.0", b"{}"),
    ):
        assert made().handle(SimulatorRequest("POST", url, headers, body), NOW)[0].status == 400


@pytest.mark.parametrize(
    "content",
    [
        {"text": {"body": "no type is a text"}},
        {"type": "location", "location": {"latitude": 1.5, "longitude": "2.5", "name": "Shop"}},
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "Ada", "first_name": "Ada"}}]},
        interactive(type="location_request_message", action={"name": "send_location"}),
        interactive(
            type="button",
            header={"type": "text", "text": "Hello"},
            footer={"text": "Bye"},
            action={"buttons": [button("Yes")]},
        ),
        {
            "type": "template",
            "template": {
                "name": "order_update",
                "language": {"code": "en_US"},
                "components": [
                    {"type": "body", "parameters": [{"type": "text", "text": t} for t in ("Ada", "12")]},
                ],
            },
        },
    ],
)
def test_documented_kinds_are_accepted_with_the_contact(content: dict[str, Any]) -> None:
    answer, deliveries = call(made(), {"messaging_product": "whatsapp", "to": f"+{PERSON[1:]}", **content})

    assert json.loads(answer.body)["contacts"] == [{"input": PERSON, "wa_id": PERSON[1:]}], answer.body
    assert deliveries


def upload(simulator: WhatsAppSimulator, kind: str, size: int) -> SimulatorResponse:
    data = {"messaging_product": "whatsapp", "type": kind}
    request = httpx.Request("POST", "http://x", data=data, files={"file": ("a", b"x" * size, kind)})
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": request.headers["content-type"]}
    return simulator.handle(SimulatorRequest("POST", f"/v26.0/{OURS}/media", headers, request.read()), NOW)[0]


@pytest.mark.parametrize(
    ("kind", "size", "status"),
    [
        ("image/png", 1000, 200),
        ("image/jpeg", 6 * 1024 * 1024, 400),
        ("image/tiff", 1000, 400),
        ("audio/wav", 1000, 400),
        ("audio/ogg", 1000, 200),
        ("image/png", 0, 400),
    ],
)
def test_uploads_are_judged_by_type_and_size(kind: str, size: int, status: int) -> None:
    assert upload(made(), kind, size).status == status


def test_an_uploaded_file_can_be_sent_and_deleted() -> None:
    simulator = made()
    medium = json.loads(upload(simulator, "image/png", 10).body)["id"]
    body = {"messaging_product": "whatsapp", "to": PERSON[1:], "type": "image", "image": {"id": medium}}
    assert call(simulator, body)[0].status == 200
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert simulator.handle(SimulatorRequest("DELETE", f"/v26.0/{medium}", headers), NOW)[0].status == 200
    assert code(call(simulator, body)[0]) == 131009


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (FetchedFile("image/png", 1000), ["sent", "delivered", "read"]),
        (FetchedFile("image/png", 6 * 1024 * 1024), ["failed"]),
        (FetchedFile("image/tiff", 1000), ["failed"]),
        (None, ["failed"]),
    ],
)
def test_a_linked_file_is_fetched_and_judged(file: FetchedFile | None, expected: list[str]) -> None:
    simulator = made()
    simulator.send_user_message(HELLO, NOW)
    link = "https://shop.example/a.png"
    body = {"messaging_product": "whatsapp", "to": PERSON[1:], "type": "image", "image": {"link": link}}
    answer, [fetch] = call(simulator, body)

    assert (answer.status, fetch.method, fetch.url, fetch.fetches_file) == (200, "GET", link, True)
    events = heard(simulator.handle_fetched_file(fetch, file, NOW))
    assert [event.status for event in events if isinstance(event, StatusChanged)] == expected
    assert next(event.error_code for event in events if isinstance(event, StatusChanged)) in ("", "131053")


def test_a_number_may_be_written_with_punctuation() -> None:
    simulator = made()
    simulator.send_user_message(HELLO, NOW)
    written = f"+{PERSON[1]} ({PERSON[2:5]}) {PERSON[5:8]}-{PERSON[8:]}"
    body = {"messaging_product": "whatsapp", "to": written, "text": {"body": "Hi"}}
    answer, follows = call(simulator, body)

    assert json.loads(answer.body)["contacts"] == [{"input": written, "wa_id": PERSON[1:]}]
    assert len(follows) == 3


def test_a_link_that_meta_cannot_reach_fails_later() -> None:
    simulator = made()
    simulator.send_user_message(HELLO, NOW)
    image = {"link": "http://127.0.0.1:9/a.png"}
    answer, follows = call(
        simulator, {"messaging_product": "whatsapp", "to": PERSON[1:], "type": "image", "image": image}
    )
    [failed] = heard(follows)

    assert answer.status == 200
    assert isinstance(failed, StatusChanged)
    assert failed.error_code == "131053"


@pytest.mark.parametrize("chosen", ["", "131026"])
def test_an_accepted_message_can_fail_later(chosen: str) -> None:
    simulator = made()
    simulator.send_user_message(HELLO, NOW)
    codes = (chosen,) if chosen else ()
    simulator.set_faults(FaultSettings(late_failures=1.0, late_codes=codes))
    answer, deliveries = send(simulator, Message(text="Hello"))
    [event] = heard(deliveries)

    assert answer.status == 200
    assert isinstance(event, StatusChanged)
    assert event.error_code in (codes or ("131026", "131049"))


@pytest.mark.parametrize("operation", [Operation.LOOK_UP, Operation.UPLOAD])
def test_downloads_and_uploads_can_fail_too(operation: Operation) -> None:
    simulator = made()
    simulator.set_faults(FaultSettings(next=(Fault.UNAVAILABLE,), operations=(operation,)))

    assert send(simulator, Message(text="x"))[0].status == 200
    if operation is Operation.UPLOAD:
        assert upload(simulator, "image/png", 10).status == 503
    else:
        request = SimulatorRequest("GET", f"/v26.0/{OURS}", {"authorization": f"Bearer {TOKEN}"})
        assert simulator.handle(request, NOW)[0].status == 503


def test_an_unknown_surface_is_refused() -> None:
    with pytest.raises(KeyError):
        made().send_user_message(replace(HELLO, surface="sms"), NOW)
