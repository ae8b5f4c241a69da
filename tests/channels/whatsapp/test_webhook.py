"""WhatsApp webhooks: verification and parsing of batches."""

from __future__ import annotations

import json
from typing import ClassVar

import httpx
import pytest

from channels.whatsapp import WhatsAppChannel
from core.errors import WebhookRefused
from core.model import (
    UNSUPPORTED_KIND,
    ActivityReceived,
    ControlAction,
    ControlReceived,
    Ignored,
    QuotedMessage,
    Reaction,
    StatusChanged,
    TurnReceived,
)
from core.ports import Webhook
from tests.channels.contract.channel_cases import ChannelCases
from tests.channels.whatsapp.builders import (
    CONTACTS,
    KINDS,
    MEDIUM,
    OURS,
    PHONE,
    QUOTED,
    REFERRAL,
    USER_ID,
    Json,
    build_batch,
    build_channel,
    build_contact,
    build_message,
    build_status,
    build_value,
    build_webhook,
    parse_events,
    parse_turn,
    parse_turns,
)


class TestWhatsApp(ChannelCases):
    send_url = f"https://graph.facebook.com/v26.0/{OURS}/messages"
    accepted: ClassVar[httpx.Response] = httpx.Response(200, json={"messages": [{"id": "wamid.1"}]})

    def channel(self) -> WhatsAppChannel:
        return build_channel()

    def build_genuine_webhook(self) -> Webhook:
        return build_webhook(build_batch(build_value(build_message())))

    def build_samples(self) -> list[Webhook]:
        system = {"type": "user_changed_number", "wa_id": "12025550181"}
        moved = {"user_id": {"previous": USER_ID, "current": "US.10000000000000000002"}}
        echo = {"from": "12025550102", "to": PHONE, "id": "wamid.E=", "type": "text", "text": {"body": "x"}}
        return [
            *(
                build_webhook(
                    build_batch(build_value(build_message(kind, context=QUOTED, referral=REFERRAL)))
                )
                for kind in KINDS
            ),
            build_webhook(build_batch(build_value(build_message("contacts", CONTACTS)))),
            build_webhook(build_batch(build_value(build_message("system", system)))),
            build_webhook(
                build_batch(build_value(statuses=[build_status(errors=[{"code": 131026, "title": "no"}])]))
            ),
            build_webhook(build_batch(build_value(message_echoes=[echo]), field="smb_message_echoes")),
            build_webhook(build_batch(build_value(user_id_update=[moved]), field="user_id_update")),
        ]


class TestWhatsAppWithoutANumber(TestWhatsApp):
    def build_genuine_webhook(self) -> Webhook:
        hidden = build_message("interactive", **{"from": None})
        return build_webhook(build_batch(build_value(hidden, contacts=[build_contact(None)])))


def test_every_message_of_every_change_and_entry_is_parsed() -> None:
    made = build_batch(
        build_value(build_message(id="wamid.1"), build_message(id="wamid.2")),
        build_value(
            build_message(id="wamid.3", **{"from": "12025550181", "from_user_id": None}),
            ours="800000000000002",
        ),
        build_value(statuses=[build_status(), build_status("read")]),
    )
    made["entry"] += build_batch(build_value(build_message(id="wamid.4")))["entry"]
    events = parse_events(made)

    assert [event.turn.id for event in events if isinstance(event, TurnReceived)] == [
        "wamid.1",
        "wamid.2",
        "wamid.3",
        "wamid.4",
    ]
    assert len({event.turn.session for event in events if isinstance(event, TurnReceived)}) == 2
    assert sum(isinstance(event, StatusChanged) for event in events) == 2


def test_a_batch_of_a_thousand_updates_is_parsed() -> None:
    messages = [
        build_message(id=f"wamid.{number}", **{"from": f"1202555{number:04}", "from_user_id": None})
        for number in range(1000)
    ]

    assert len({each.session for each in parse_turns(build_batch(build_value(*messages)))}) == 1000


@pytest.mark.parametrize(
    "bad", [None, 1, "x", [], {}, {"id": 1}, {"id": "w", "type": "text"}, {"id": "a" * 5000}]
)
def test_a_malformed_item_does_not_affect_the_others(bad: object) -> None:
    made = build_value(build_message())
    made["messages"] = [bad, *made["messages"], bad]
    made["contacts"] = [bad, *made["contacts"]]
    made["statuses"] = [bad]

    assert [each.text for each in parse_turns(build_batch(made))] == ["Hello é \U0001f600"]


@pytest.mark.parametrize(
    ("kind", "more", "text", "payload"),
    [
        ("text", {}, "Hello é \U0001f600", ""),
        ("image", {}, "Look", ""),
        ("button", {}, "Stop promotions", "STOP_PROMO"),
        ("interactive", {}, "Yes", "yes"),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "r1", "title": "Row 1"}}, "Row 1", "r1"),
        (
            "interactive",
            {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": "{}"}},
            "",
            "",
        ),
        ("order", {}, "", ""),
        ("contacts", CONTACTS, "", ""),
    ],
)
def test_a_contacts_message_is_a_turn(kind: str, more: object, text: str, payload: str) -> None:
    found = parse_turn(build_message(kind, more or None))

    assert (found.text, found.payload) == (text, payload)
    assert found.details["kind"] == kind


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_a_file_is_an_attachment_by_reference(kind: str) -> None:
    [file] = parse_turn(build_message(kind)).attachments

    assert file.url == f"https://graph.facebook.com/v26.0/{MEDIUM['id']}"
    assert file.name == {"audio": "voice.ogg", "document": "a.pdf"}.get(kind, "")


@pytest.mark.parametrize("place", [(47.5, 19), ("47.5", "19.0"), (0, 0)])
def test_coordinates_may_be_numbers_or_text(place: tuple[object, object]) -> None:
    found = parse_turn(build_message("location", {"latitude": place[0], "longitude": place[1]}))

    assert found.location is not None
    assert found.location.latitude == float(str(place[0]))


@pytest.mark.parametrize("latitude", [91, "x", None, True, "nan", 1e999, [1]])
def test_coordinates_out_of_range_are_dropped(latitude: object) -> None:
    bad = build_message("location", {"latitude": latitude, "longitude": 1})

    found = parse_turn(bad)

    assert (found.location, found.kind) == (None, "unsupported")


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (build_message("request_welcome"), "chat opened"),
        (build_message("unsupported", {"type": "edit"}), "unsupported message"),
        (build_message("unsupported", {"type": "reaction"}), "unsupported message"),
        (build_message("interactive", {"type": "call_permission_reply"}), "call permission"),
        (build_message(group_id="g"), "group message"),
        (build_message(value={"body": ""}), "empty message"),
        (build_message(id=None), "no message id"),
        (build_message("system", {"type": "customer_identity_changed"}), "system message"),
    ],
)
def test_messages_that_are_not_turns_are_ignored_with_a_reason(made: Json, reason: str) -> None:
    assert parse_events(build_batch(build_value(made))) == [Ignored(reason=reason)]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"object": "page", "entry": [{"changes": []}]}, "other object"),
        ({"object": "whatsapp_business_account"}, "empty batch"),
        (build_batch({}, field="calls"), "calls"),
        (build_batch({}, field="account_update"), "account_update"),
        (build_batch({}, field="of next year"), "other field"),
        (build_batch(build_value(errors=[{"code": 131031, "title": "locked"}])), "account error"),
        (build_batch(build_value(build_message(), ours="123456123")), "sample of the dashboard"),
        (build_batch(build_value(build_message(), ours="")), "no number"),
        (b"[]", "not JSON"),
        (b"", "not JSON"),
        (b"{" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        ('{"object":"whatsapp_business_account"}'.encode("utf-16"), "not JSON"),
        (b'{"object":NaN}', "other object"),
        (b'{"object":' + b"9" * 5000 + b"}", "other object"),
    ],
)
def test_other_webhook_fields_are_ignored_with_a_reason(made: object, reason: str) -> None:
    assert parse_events(made) == [Ignored(reason=reason)]


def test_a_lone_surrogate_neither_breaks_nor_loses_the_message() -> None:
    found = parse_turn(build_message(value={"body": "Hi \ud83d"}))

    assert found.text == "Hi \ufffd"
    found.model_dump_json().encode()


def test_quote_forward_and_referral_are_details() -> None:
    quoted = parse_turn(build_message("interactive", context=QUOTED, referral=REFERRAL))
    forwarded = parse_turn(build_message(context={"forwarded": True}))

    assert quoted.details["quoted"] == "wamid.QQ=="
    assert quoted.details["referral_source_id"] == "120"
    assert quoted.details["profile_name"] == "Ada"
    assert forwarded.details["forwarded"] == "true"
    assert "quoted" not in forwarded.details


@pytest.mark.parametrize(
    ("told", "kept"), [("1790000000", True), ("0", True), ("4102444800", True), ("x" * 4000, False)]
)
def test_a_malformed_timestamp_does_not_lose_the_message(told: str, kept: bool) -> None:
    assert ("sent_at" in parse_turn(build_message(timestamp=told)).details) is kept


def test_a_reply_from_the_business_phone_is_a_take_over() -> None:
    echo = {"from": "12025550102", "to": PHONE, "id": "wamid.E", "type": "text", "text": {"body": "I help"}}
    [event] = parse_events(build_batch(build_value(message_echoes=[echo]), field="smb_message_echoes"))

    assert isinstance(event, ControlReceived)
    assert (event.act, event.id, event.actor) == (ControlAction.TAKE_OVER, "wamid.E", "business phone")
    assert event.aliases == (f"whatsapp:{OURS}:+{PHONE}",)


def test_a_body_over_three_megabytes_is_refused() -> None:
    with pytest.raises(WebhookRefused) as refused:
        build_channel().verify(build_webhook(b"a" * (3 * 1024 * 1024 + 1)))
    assert refused.value.status == 413


@pytest.mark.parametrize(
    "made",
    [
        build_message("unsupported", None, errors=[{"code": 131051}]),
        build_message("unsupported", {"type": "poll_creation"}),
        build_message("unknown"),
        build_message("interactive", {"errors": [{"code": 1}]}),
        build_message("pigeon", {}),
    ],
)
def test_a_kind_that_is_not_supported_is_a_turn_without_content(made: Json) -> None:
    found = parse_turn(made)

    assert (found.kind, found.has_content) == ("unsupported", False)


def test_voice_is_audio() -> None:
    found = parse_turn(build_message("voice", MEDIUM))

    assert (found.kind, found.details["voice"]) == ("audio", "true")
    assert len(found.attachments) == 1


@pytest.mark.parametrize("emoji", ["👍", ""])
def test_a_reaction_is_a_turn_without_words(emoji: str) -> None:
    found = parse_turn(build_message("reaction", {"message_id": "wamid.Q", "emoji": emoji}))

    assert found.reaction == Reaction(emoji=emoji)
    assert found.quoted == QuotedMessage(id="wamid.Q")
    assert not found.has_content


@pytest.mark.parametrize(("kind", "activity"), [("edit", "edited"), ("revoke", "deleted")])
def test_an_edit_and_a_deletion_are_recorded(kind: str, activity: str) -> None:
    [found] = parse_events(build_batch(build_value(build_message(kind, {"original_message_id": "wamid.O"}))))

    assert isinstance(found, ActivityReceived)
    assert (found.activity, found.message_id) == (activity, "wamid.O")
    assert found.session == parse_turn(build_message()).session


@pytest.mark.parametrize("kind", ["edit", "revoke", "reaction"])
def test_an_echo_without_a_message_is_not_a_take_over(kind: str) -> None:
    echo = {"from": "12025550102", "to": PHONE, "id": "wamid.E=", "type": kind, kind: {}}
    [found] = parse_events(build_batch(build_value(message_echoes=[echo]), field="smb_message_echoes"))

    assert isinstance(found, Ignored)


def build_form_reply(values: object) -> Json:
    reply = {"name": "flow", "body": "Sent", "response_json": json.dumps(values)}
    return build_message("interactive", {"type": "nfm_reply", "nfm_reply": reply})


@pytest.mark.parametrize("length", [10, 5_000, 30_000])
def test_a_form_is_whole_at_any_length(length: int) -> None:
    values = {"flow_token": "t", "answers": [{"note": "ü" * length}]}
    found = parse_turn(build_form_reply(values))

    assert found.form == values
    assert json.loads(found.details["form"]) == values
    assert found.text == ""


@pytest.mark.parametrize("values", [[], "x", 3, {"a": "x" * 300_000}])
def test_an_invalid_or_long_form_is_absent(values: object) -> None:
    found = parse_turn(build_form_reply(values))

    assert (found.form, "form" in found.details, found.kind) == (None, False, UNSUPPORTED_KIND)


@pytest.mark.parametrize("depth", [60, 200, 255, 300, 2_000])
@pytest.mark.parametrize("is_text", [True, False])
def test_a_form_that_is_nested_too_deep_to_be_stored_is_absent(depth: int, *, is_text: bool) -> None:
    written = '{"a":' * depth + "1" + "}" * depth
    answers = json.dumps(written) if is_text else written
    body = json.dumps(build_batch(build_value(build_form_reply("@"))))
    body = body.replace(json.dumps(json.dumps("@")), answers)
    [event] = parse_events(body.encode())

    if isinstance(event, TurnReceived):
        assert (event.turn.form, event.turn.kind) == (None, UNSUPPORTED_KIND)
        assert TurnReceived.model_validate_json(event.model_dump_json()) == event


def test_an_order_and_shared_contacts_are_data() -> None:
    item = {"product_retailer_id": "sku1", "quantity": 2, "item_price": 7.99, "currency": "EUR"}
    order = parse_turn(build_message("order", {"catalog_id": "c", "product_items": [item]}))
    card = {
        "name": {"formatted_name": "Bob"},
        "phones": [{"phone": "+1 202-555-0190"}],
        "emails": [{"email": "bob@shop.example"}],
        "addresses": [{"street": "1 Quay", "city": "Port"}],
        "org": {"company": "Shop"},
    }
    shared = parse_turn(build_message("contacts", [card]))

    assert order.order is not None
    assert (order.order.items[0].price, order.order.items[0].quantity) == (7.99, 2)
    assert order.text == ""
    assert shared.contacts[0].emails == ("bob@shop.example",)
    assert shared.contacts[0].addresses == ("1 Quay, Port",)
    assert shared.text == ""


@pytest.mark.parametrize(
    ("caption", "text"), [("Stop.pdf", ""), ("Stop", ""), ("Stop it, see page 2", "Stop it, see page 2")]
)
def test_the_name_of_a_file_is_no_caption(caption: str, text: str) -> None:
    found = parse_turn(build_message("document", {**MEDIUM, "filename": "Stop.pdf", "caption": caption}))

    assert (found.text, found.attachments[0].name) == (text, "Stop.pdf")


def test_a_referral_is_data() -> None:
    media = {"media_type": "image", "image_url": "https://ads.example/a.png"}
    found = parse_turn(
        build_message(referral={**REFERRAL, **media, "welcome_message": {"text": "Hello!"}})
    ).referral

    assert found is not None
    assert (found.source_id, found.headline) == ("120", REFERRAL["headline"])
    assert (found.media_type, found.media_url) == ("image", "https://ads.example/a.png")
    assert found.welcome_text == "Hello!"
