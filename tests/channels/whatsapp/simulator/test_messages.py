"""WhatsApp simulator: API rules, and compatibility with the channel."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from channels._kit.simulator import (
    SimulatorRequest,
    WebhookDelivery,
)
from channels.whatsapp.simulator.records import IdentityMode, build_user_id
from core.model import (
    Choice,
    ControlReceived,
    DeliveryStatus,
    Message,
    StatusChanged,
    Turn,
    TurnReceived,
)
from tests.channels.whatsapp.builders import OURS
from tests.channels.whatsapp.simulator.simulated import (
    HELLO,
    NOW,
    PERSON,
    build_button,
    build_interactive,
    call,
    make_simulator,
    parse_deliveries,
    read_error_code,
    send,
)


def parse_turn(deliveries: list[WebhookDelivery]) -> Turn:
    [event] = parse_deliveries(deliveries)
    assert isinstance(event, TurnReceived)
    return event.turn


@pytest.mark.parametrize(
    ("identity", "theirs"),
    [
        (IdentityMode.PHONE, PERSON[1:]),
        (IdentityMode.BOTH, PERSON[1:]),
        (IdentityMode.HIDDEN, build_user_id(PERSON)),
    ],
)
def test_a_message_is_a_turn_in_every_identity_mode(identity: IdentityMode, theirs: str) -> None:
    wamid, deliveries = make_simulator(identity).send_user_message(HELLO, NOW)
    turn = parse_turn(deliveries)

    assert (turn.id, turn.text, turn.address.theirs) == (wamid, "Hi é", theirs)


def test_simultaneous_messages_are_one_batch() -> None:
    people = [replace(HELLO, person=f"+1202555{number:04}") for number in range(300)]
    wamids, [delivery] = make_simulator().send_user_messages(people, NOW)

    assert [
        event.turn.id for event in parse_deliveries([delivery]) if isinstance(event, TurnReceived)
    ] == wamids


def test_a_chosen_row_is_a_list_reply_and_a_button_a_button_reply() -> None:
    simulator = make_simulator()
    simulator.send_user_message(HELLO, NOW)
    for count, kind in ((2, "button_reply"), (5, "list_reply")):
        choices = tuple(Choice(label=f"{kind} {n}", payload=f"{kind}{n}") for n in range(count))
        send(simulator, Message(text="Which?", choices=choices))
        _, [delivery] = simulator.send_user_message(replace(HELLO, text="x", button=f"{kind}1"), NOW)

        assert f'"type":"{kind}"' in delivery.body.decode()
        assert parse_turn([delivery]).payload == f"{kind}1"


def test_a_reply_is_accepted_and_its_statuses_return_the_key() -> None:
    simulator = make_simulator()
    simulator.send_user_message(HELLO, NOW)
    answer, deliveries = send(simulator, Message(text="Hello"))
    statuses = [event for event in parse_deliveries(deliveries) if isinstance(event, StatusChanged)]

    assert [status.status for status in statuses] == [
        DeliveryStatus.SENT,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.READ,
    ]
    assert {status.provider_id for status in statuses} == {json.loads(answer.body)["messages"][0]["id"]}
    assert {status.reply_key for status in statuses} == {f"{OURS}:{PERSON[1:]}:turn.1"}
    assert [line.text for line in simulator.list_messages(NOW)] == ["Hi é", "Hello"]


def test_outside_the_service_window_a_message_is_accepted_and_fails_later() -> None:
    simulator = make_simulator()
    simulator.send_user_message(HELLO, NOW)
    answer, deliveries = send(simulator, Message(text="Hello"), now=NOW + 24 * 3600)
    [event] = parse_deliveries(deliveries)

    assert answer.status == 200
    assert isinstance(event, StatusChanged)
    assert (event.status, event.error_code) == (DeliveryStatus.FAILED, "131047")


def test_a_user_id_in_place_of_a_number_is_dropped() -> None:
    simulator = make_simulator(IdentityMode.HIDDEN)
    theirs = parse_turn(simulator.send_user_message(HELLO, NOW)[1]).address.theirs
    _, delivered = send(simulator, Message(text="Hello"), theirs)
    answer, dropped = call(
        simulator, {"messaging_product": "whatsapp", "to": theirs, "type": "text", "text": {"body": "x"}}
    )

    assert (len(delivered), answer.status, dropped) == (3, 200, [])
    assert [line.text for line in simulator.list_messages(NOW, person=PERSON)] == ["Hi é", "Hello"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"type": "text", "text": {"body": ""}}, 100),
        ({"type": "text", "text": {"body": "x" * 4097}}, 100),
        ({"type": "text"}, 131008),
        ({"type": "pigeon", "pigeon": {}}, 131051),
        ({"type": "image", "image": {"link": "https://x", "caption": "x" * 1025}}, 131009),
        (build_interactive(type="button", action={"buttons": []}), 131009),
        (build_interactive(type="button", action={"buttons": [build_button("x" * 21)]}), 131009),
        (
            build_interactive(type="button", action={"buttons": [build_button("x"), build_button("x", "b")]}),
            131009,
        ),
        (build_interactive(type="list", action={"button": "Go", "sections": []}), 131009),
        ({"to": "", "type": "text", "text": {"body": "x"}}, 131008),
        ({"biz_opaque_callback_data": "x" * 513, "type": "text", "text": {"body": "x"}}, 131009),
        ({"type": "image", "image": {}}, 131008),
        ({"type": "image", "image": {"link": "nourl"}}, 131009),
        ({"type": "image", "image": {"id": "999999999999999"}}, 131009),
        ({"type": "audio", "audio": {"link": "https://x.example/a", "caption": "x"}}, 100),
        (build_interactive(type="button", header={"type": "text", "text": "x" * 61}, action={}), 131009),
        (build_interactive(type="button", footer={"text": "x" * 61}, action={}), 131009),
        (build_interactive(type="button", action={"buttons": [{"type": "reply"}]}), 131008),
        (
            build_interactive(type="list", action={"button": "Go", "sections": [{"rows": [{"id": "a"}]}]}),
            131008,
        ),
        (
            build_interactive(
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
    answer, _ = call(make_simulator(), {"messaging_product": "whatsapp", "to": PERSON[1:], **body})

    assert read_error_code(answer) == expected


def test_a_wrong_token_is_refused() -> None:
    answer, _ = make_simulator().handle(SimulatorRequest("POST", f"/v26.0/{OURS}/messages", {}, b"{}"), NOW)

    assert (answer.status, read_error_code(answer)) == (401, 190)


def test_a_reply_from_the_business_phone_is_a_take_over() -> None:
    [event] = parse_deliveries(make_simulator().reply_from_phone(PERSON, "I help", NOW))

    assert isinstance(event, ControlReceived)


def test_a_number_may_be_written_with_punctuation() -> None:
    simulator = make_simulator()
    simulator.send_user_message(HELLO, NOW)
    written = f"+{PERSON[1]} ({PERSON[2:5]}) {PERSON[5:8]}-{PERSON[8:]}"
    body = {"messaging_product": "whatsapp", "to": written, "text": {"body": "Hi"}}
    answer, follows = call(simulator, body)

    assert json.loads(answer.body)["contacts"] == [{"input": written, "wa_id": PERSON[1:]}]
    assert len(follows) == 3


def test_an_unknown_surface_is_refused() -> None:
    with pytest.raises(KeyError):
        make_simulator().send_user_message(replace(HELLO, surface="sms"), NOW)
