"""Files of the simulated Cloud API: uploads and links."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels._kit.simulator import (
    FetchedFile,
    SimulatorRequest,
)
from core.model import StatusChanged
from tests.channels.whatsapp.builders import TOKEN
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
    upload,
)


@pytest.mark.parametrize(
    "content",
    [
        {"text": {"body": "no type is a text"}},
        {"type": "location", "location": {"latitude": 1.5, "longitude": "2.5", "name": "Shop"}},
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "Ada", "first_name": "Ada"}}]},
        build_interactive(type="location_request_message", action={"name": "send_location"}),
        build_interactive(
            type="button",
            header={"type": "text", "text": "Hello"},
            footer={"text": "Bye"},
            action={"buttons": [build_button("Yes")]},
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
    answer, deliveries = call(
        make_simulator(), {"messaging_product": "whatsapp", "to": f"+{PERSON[1:]}", **content}
    )

    assert json.loads(answer.body)["contacts"] == [{"input": PERSON, "wa_id": PERSON[1:]}], answer.body
    assert deliveries


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
def test_uploads_are_checked_by_type_and_size(kind: str, size: int, status: int) -> None:
    assert upload(make_simulator(), kind, size).status == status


def test_an_uploaded_file_can_be_sent_and_deleted() -> None:
    simulator = make_simulator()
    medium = json.loads(upload(simulator, "image/png", 10).body)["id"]
    body = {"messaging_product": "whatsapp", "to": PERSON[1:], "type": "image", "image": {"id": medium}}
    assert call(simulator, body)[0].status == 200
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert simulator.handle(SimulatorRequest("DELETE", f"/v26.0/{medium}", headers), NOW)[0].status == 200
    assert read_error_code(call(simulator, body)[0]) == 131009


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (FetchedFile("image/png", 1000), ["sent", "delivered", "read"]),
        (FetchedFile("image/png", 6 * 1024 * 1024), ["failed"]),
        (FetchedFile("image/tiff", 1000), ["failed"]),
        (None, ["failed"]),
    ],
)
def test_a_linked_file_is_fetched_and_checked(file: FetchedFile | None, expected: list[str]) -> None:
    simulator = make_simulator()
    simulator.send_user_message(HELLO, NOW)
    link = "https://shop.example/a.png"
    body = {"messaging_product": "whatsapp", "to": PERSON[1:], "type": "image", "image": {"link": link}}
    answer, [fetch] = call(simulator, body)

    assert (answer.status, fetch.method, fetch.url, fetch.fetches_file) == (200, "GET", link, True)
    events = parse_deliveries(simulator.handle_fetched_file(fetch, file, NOW))
    assert [event.status for event in events if isinstance(event, StatusChanged)] == expected
    assert next(event.error_code for event in events if isinstance(event, StatusChanged)) in ("", "131053")


def test_a_link_that_meta_cannot_reach_fails_later() -> None:
    simulator = make_simulator()
    simulator.send_user_message(HELLO, NOW)
    image = {"link": "http://127.0.0.1:9/a.png"}
    answer, follows = call(
        simulator, {"messaging_product": "whatsapp", "to": PERSON[1:], "type": "image", "image": image}
    )
    [failed] = parse_deliveries(follows)

    assert answer.status == 200
    assert isinstance(failed, StatusChanged)
    assert failed.error_code == "131053"
