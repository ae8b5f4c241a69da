"""Twilio webhooks: verification and parsing."""

from __future__ import annotations

from typing import ClassVar

import httpx
import pytest

from channels.twilio import TwilioChannel
from channels.twilio.capabilities import WHATSAPP_CAPABILITIES
from core.model import (
    Ignored,
    Location,
    QuotedMessage,
    Reaction,
    TurnReceived,
)
from core.ports import Capabilities, Webhook
from tests.channels.contract.channel_cases import ChannelCases
from tests.channels.twilio.builders import (
    ACCOUNT,
    URL,
    build_channel,
    build_get_webhook,
    build_payload,
    build_webhook,
    parse_event,
    parse_turn,
    read_payload,
)

VECTOR_URL = f"{URL}?bot=a%20b"


NAMES = (
    "sms", "mms", "whatsapp_button", "whatsapp_list", "whatsapp_location", "whatsapp_voice",
    "whatsapp_advert", "whatsapp_hidden_number", "status_delivered", "status_read", "status_failed",
    "stop", "start", "help", "own_stop_word",
)  # fmt: skip


class TestTwilio(ChannelCases):
    send_url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    accepted: ClassVar[httpx.Response] = httpx.Response(201, json={"sid": "SM1", "status": "queued"})

    def channel(self) -> TwilioChannel:
        return build_channel()

    def build_genuine_webhook(self) -> Webhook:
        return build_webhook(read_payload("sms"))

    def build_samples(self) -> list[Webhook]:
        return [build_webhook(read_payload(name)) for name in NAMES]


class TestTwilioOverWhatsApp(TestTwilio):
    def build_genuine_webhook(self) -> Webhook:
        return build_webhook(read_payload("whatsapp_button"))

    def limits(self) -> Capabilities:
        return WHATSAPP_CAPABILITIES


def test_an_sms_is_a_turn() -> None:
    turn = parse_turn(read_payload("sms"))

    assert turn.id == "SM00000000000000000000000000000001"
    assert turn.text == "Hi + é "
    assert turn.session == f"twilio:{ACCOUNT}:+12025550100:+12025550170"
    assert (turn.address.ours, turn.address.theirs) == ("+12025550100", "+12025550170")
    assert turn.details == {"from_country": "US"}


def test_the_same_message_by_get_is_the_same_turn() -> None:
    assert build_channel().parse(build_get_webhook(read_payload("sms"))) == build_channel().parse(
        build_webhook(read_payload("sms"))
    )


def test_media_come_by_reference() -> None:
    turn = parse_turn(read_payload("mms"))

    assert [attachment.content_type for attachment in turn.attachments] == ["image/jpeg", "application/pdf"]
    assert all(attachment.url.startswith("https://api.twilio.com/") for attachment in turn.attachments)
    assert turn.text == ""


@pytest.mark.parametrize(
    ("prefix", "content_type", "body", "text"),
    [
        ("whatsapp:", "application/pdf", "Stop.pdf", ""),
        ("whatsapp:", "application/pdf", "Stop", "Stop"),
        ("whatsapp:", "text/vcard", "Dr. Cancel", ""),
        ("", "text/x-vcard", "Call her", "Call her"),
    ],
)
def test_the_name_of_a_file_or_card_is_no_caption(
    prefix: str, content_type: str, body: str, text: str
) -> None:
    fields = {"NumMedia": "1", "MediaContentType0": content_type, "Body": body}
    ends = {"From": f"{prefix}+12025550171", "To": f"{prefix}+12025550101"}
    turn = parse_turn(build_payload("mms", **fields, **ends))

    assert (turn.text, turn.attachments[0].name) == (text, "" if text else body)


@pytest.mark.parametrize("count", ["", "-1", "1.5", "x", "²", "99999999999999999999", "1e3", " 1"])
def test_an_invalid_media_count_means_no_media(count: str) -> None:
    turn = parse_turn(build_payload("mms", NumMedia=count, Body="look"))

    assert turn.attachments == ()


def test_missing_media_and_other_schemes_are_skipped() -> None:
    turn = parse_turn(build_payload("mms", NumMedia="4", MediaUrl1="file:///etc/passwd", Body="look"))

    assert len(turn.attachments) == 1


def test_a_tapped_button_has_its_payload() -> None:
    turn = parse_turn(read_payload("whatsapp_button"))

    assert (turn.text, turn.payload) == ("Yes", "confirm:42")
    assert turn.details["profile_name"] == "Ada"
    assert turn.details["quoted"] == "MM00000000000000000000000000000009"
    assert "referral_source_id" not in turn.details
    assert "forwarded" not in turn.details


def test_a_chosen_list_row_has_its_payload() -> None:
    turn = parse_turn(build_payload("whatsapp_list", Body=""))

    assert (turn.text, turn.payload) == ("Tuesday", "slot:2")


def test_zero_is_a_valid_coordinate() -> None:
    turn = parse_turn(read_payload("whatsapp_location"))

    assert turn.location == Location(
        latitude=47.497913, longitude=0.0, label="Office", address="Example Street 1"
    )


@pytest.mark.parametrize("latitude", ["", "north", "nan", "inf", "91", "-90.1"])
def test_coordinates_out_of_range_are_dropped(latitude: str) -> None:
    found = parse_turn(build_payload("whatsapp_location", Latitude=latitude))

    assert (found.location, found.text) == (None, "Office, Example Street 1")


def test_a_voice_note_is_an_attachment() -> None:
    [attachment] = parse_turn(read_payload("whatsapp_voice")).attachments

    assert attachment.content_type == "audio/ogg"


def test_ad_referral_data_is_kept() -> None:
    details = parse_turn(read_payload("whatsapp_advert")).details

    assert details["referral_source_id"] == "ad-1"
    assert details["referral_headline"] == "Spring offer"


def test_a_contact_without_a_number_has_a_session() -> None:
    turn = parse_turn(read_payload("whatsapp_hidden_number"))

    assert turn.address.theirs == "whatsapp:US.10000000000000000001"
    assert turn.session.endswith(":whatsapp:US.10000000000000000001")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("whatsapp:+5511987654321", "whatsapp:+551187654321"),
        ("whatsapp:+5215512345678", "whatsapp:+525512345678"),
        ("whatsapp:+5491123456789", "whatsapp:+541123456789"),
    ],
)
def test_two_spellings_of_a_number_share_one_session_and_replies_keep_the_spelling(
    one: str, other: str
) -> None:
    first, second = (
        parse_turn(build_payload("whatsapp_list", From=one)),
        parse_turn(build_payload("whatsapp_list", From=other)),
    )

    assert first.session == second.session
    assert (first.address.theirs, second.address.theirs) == (one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("whatsapp:+551132345678", "whatsapp:+5511932345678"),
        ("whatsapp:+551132345678", "whatsapp:+551132345679"),
        ("whatsapp:+12025550171", "+12025550171"),
        ("+5215512345678", "+525512345678"),
    ],
)
def test_different_contacts_have_different_sessions(one: str, other: str) -> None:
    first, second = parse_turn(build_payload("sms", From=one)), parse_turn(build_payload("sms", From=other))

    assert first.session != second.session


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (build_payload("status_delivered", MessageStatus="exploded"), "unknown status"),
        (build_payload("sms", AccountSid="AC00000000000000000000000000000002"), "other account"),
        (build_payload("sms", AccountSid=""), "no account"),
        (build_payload("sms", MessageSid="", SmsSid="", SmsMessageSid=""), "no message id"),
        (build_payload("sms", From=""), "no address"),
        (build_payload("sms", To=" "), "no address"),
        (build_payload("sms", From="whatsapp:"), "no address"),
        (build_payload("sms", To="whatsapp:"), "no address"),
        (build_payload("sms", From="rcs:agent_1"), "rcs address"),
        (build_payload("sms", From="messenger:123"), "messenger address"),
        (build_payload("sms", From="client:ada"), "other address"),
        (build_payload("sms", Body=" \n "), "empty message"),
        (build_payload("sms", Body="\x00"), "empty message"),
        ([], "no account"),
        ([("AccountSid", ACCOUNT)], "no message id"),
        ([("AccountSid", ACCOUNT), ("MessageSid", "SM1")], "no address"),
        ([("AccountSid", ACCOUNT), ("MessageSid", "SM1"), ("SmsStatus", "sent")], None),
    ],
)
def test_irrelevant_webhooks_are_ignored_with_a_reason(
    fields: list[tuple[str, str]], reason: str | None
) -> None:
    event = parse_event(fields)

    assert not isinstance(event, TurnReceived)
    if reason is not None:
        assert event == Ignored(reason=reason)


def test_a_form_that_cannot_be_read_still_gets_an_answer() -> None:
    found = parse_turn(
        build_payload("whatsapp_location", Latitude="", MessageType="interactive", FlowData="{")
    )

    assert (found.kind, found.form, found.has_content) == ("unsupported", None, False)


def test_a_kind_that_is_not_supported_is_a_turn_without_content() -> None:
    found = parse_turn(build_payload("whatsapp_location", Latitude="", Longitude="", MessageType="poll"))

    assert (found.kind, found.has_content) == ("unsupported", False)


def test_a_reaction_is_a_turn_without_words() -> None:
    found = parse_turn(
        build_payload(
            "whatsapp_location",
            Latitude="",
            Body="👍",
            MessageType="reaction",
            OriginalRepliedMessageSid="SM1",
        )
    )

    assert (found.reaction, found.quoted) == (Reaction(emoji="👍"), QuotedMessage(id="SM1"))
    assert not found.has_content


def test_the_advert_is_data() -> None:
    found = parse_turn(read_payload("whatsapp_advert")).referral

    assert found is not None
    assert (found.source_id, found.headline) == ("ad-1", "Spring offer")
