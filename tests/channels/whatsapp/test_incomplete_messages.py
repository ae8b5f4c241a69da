"""WhatsApp messages with missing or unusual fields: nothing that a contact sends ends in silence."""

from __future__ import annotations

import json

import pytest

from core.model import UNSUPPORTED_KIND, ContactCard, Ignored, TurnReceived
from tests.channels.whatsapp.builders import (
    MEDIUM,
    OURS,
    PHONE,
    USER_ID,
    Json,
    build_batch,
    build_contact,
    build_message,
    build_value,
    encode_json,
    parse_events,
    parse_turn,
    parse_turns,
)

WITHOUT_SENDER = {"from": None, "from_user_id": None}
FILE_URL = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=7"


def test_a_message_that_names_nobody_is_from_the_only_contact() -> None:
    found = parse_turn(build_message(**WITHOUT_SENDER), contacts=[build_contact(None)])

    assert (found.session, found.address.theirs) == (f"whatsapp:{OURS}:{USER_ID}", USER_ID)


@pytest.mark.parametrize("contacts", [[], [build_contact(), build_contact("12025550199", "US.2")]])
def test_a_message_that_names_nobody_is_not_attributed_to_one_of_several(contacts: list[Json]) -> None:
    made = build_value(build_message(**WITHOUT_SENDER), contacts=contacts)

    assert parse_events(build_batch(made)) == [Ignored(reason="no sender")]


@pytest.mark.parametrize("group", [None, ""])
def test_an_empty_group_is_no_group(group: str | None) -> None:
    assert parse_turn({**build_message(), "group_id": group}).text.startswith("Hello")


@pytest.mark.parametrize("kind", ["text", "button", "interactive", "location", "image", "order"])
def test_the_type_follows_from_the_only_content(kind: str) -> None:
    typed = build_message(kind)

    assert parse_turn({name: typed[name] for name in typed if name != "type"}) == parse_turn(typed)


def test_the_type_of_a_reply_follows_from_its_content() -> None:
    found = parse_turn(build_message("interactive", {"list_reply": {"id": "row", "title": "Row"}}))

    assert (found.text, found.payload) == ("Row", "row")


@pytest.mark.parametrize("encode", [json.dumps, dict])
def test_a_form_is_json_in_a_text_or_an_object(encode: type) -> None:
    reply = {"body": "Sent", "response_json": encode({"size": "M"})}

    assert parse_turn(build_message("interactive", {"type": "nfm_reply", "nfm_reply": reply})).form == {
        "size": "M"
    }


def test_a_file_without_an_id_is_known_by_its_url() -> None:
    found = parse_turn(build_message("image", {"mime_type": "image/jpeg", "url": FILE_URL}))

    assert [(each.url, each.content_type) for each in found.attachments] == [(FILE_URL, "image/jpeg")]


def test_the_id_of_a_file_outranks_its_url() -> None:
    [file] = parse_turn(build_message("image", {**MEDIUM, "url": FILE_URL})).attachments

    assert file.url.endswith(f"/{MEDIUM['id']}")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image", {}),
        ("audio", {"id": None, "mime_type": "audio/ogg"}),
        ("document", {"filename": "a.pdf", "url": "http://files.example/a.pdf"}),
        ("sticker", {"url": "file:///etc/passwd"}),
        ("location", {}),
        ("location", {"latitude": "47,5", "longitude": "19,0"}),
        ("contacts", []),
        ("contacts", {"name": {"formatted_name": "Bob"}}),
    ],
)
def test_content_that_cannot_be_read_is_answered_as_unsupported(kind: str, content: object) -> None:
    found = parse_turn(build_message(kind, content))

    assert (found.kind, found.text, found.has_content) == (UNSUPPORTED_KIND, "", False)


def test_a_place_without_coordinates_is_text() -> None:
    found = parse_turn(build_message("location", {"name": "Park", "address": "1 Quay Street"}))

    assert (found.text, found.location) == ("Park, 1 Quay Street", None)


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ({"name": {"first_name": "Bob", "last_name": "Lee"}}, ContactCard(name="Bob Lee")),
        ({"phones": [{"wa_id": "15550190"}]}, ContactCard(phones=("+15550190",))),
        (
            {
                "origin": "contact_request",
                "vcard": "BEGIN:VCARD\r\nFN:Bob\r\nitem1.TEL;waid=15550190:+1 555 0190\r\n"
                "EMAIL;TYPE=work:bob@held.example\r\nEND:VCARD",
            },
            ContactCard(name="Bob", phones=("+1 555 0190",), emails=("bob@held.example",)),
        ),
        (
            {"name": {"formatted_name": "Bob"}, "phones": [{"phone": "1"}], "vcard": "FN:Eve\nTEL:2"},
            ContactCard(name="Bob", phones=("1",)),
        ),
    ],
)
def test_a_shared_contact_is_read_from_any_of_its_fields(card: Json, expected: ContactCard) -> None:
    assert parse_turn(build_message("contacts", [card])).contacts == (expected,)


def test_a_bad_message_costs_no_other_of_its_request() -> None:
    bad: list[object] = [None, "x", [build_message()], {"id": 5, "type": "text"}, {"type": "text"}]
    good = [build_message(id=f"wamid.{name}") for name in "AB"]
    made = build_value(good[0], *bad, good[1])  # type: ignore[arg-type]
    made["contacts"] = []

    assert [each.id for each in parse_turns(build_batch(made))] == ["wamid.A", "wamid.B"]


def test_a_number_that_is_too_long_costs_no_message() -> None:
    body = encode_json(build_batch(build_value(build_message(timestamp="@"), build_message(id="wamid.B"))))
    [first, second] = parse_events(body.replace(b'"@"', b"9" * 5000))

    assert isinstance(first, TurnReceived)
    assert isinstance(second, TurnReceived)
    assert (first.turn.at, second.turn.id) == (0.0, "wamid.B")


@pytest.mark.parametrize(
    ("echo", "reason"),
    [
        ({"type": "unsupported", "unsupported": {"type": "edit"}}, "echo of an edit"),
        ({"type": "unsupported", "unsupported": {"type": "revoke"}}, "echo of a deletion"),
        ({"type": "unsupported", "unsupported": {"type": "pin"}}, "echo of an action on a message"),
        ({"type": "pin"}, "echo of an action on a message"),
        ({"type": "system", "system": {"type": "user_changed_number"}}, "echo of a system message"),
    ],
)
def test_an_echo_of_an_action_is_no_message_of_a_person(echo: Json, reason: str) -> None:
    made = {"from": "15550102", "to": PHONE, "id": "wamid.E=", **echo}
    batch = build_batch(build_value(message_echoes=[made]), field="smb_message_echoes")

    assert parse_events(batch) == [Ignored(reason=reason)]
