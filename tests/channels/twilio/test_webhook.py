"""Twilio webhooks: verification and parsing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import ClassVar

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels._kit.inbound import forms
from channels.twilio import TwilioChannel
from channels.twilio.capabilities import WHATSAPP_CAPABILITIES
from core.errors import InvalidSignature, MalformedWebhook, WebhookRefused, WebhookTooLarge
from core.model import (
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    FailureKind,
    Ignored,
    Location,
    QuotedMessage,
    Reaction,
    StatusChanged,
    TurnReceived,
)
from core.ports import Capabilities, Webhook
from tests.channels.contract.channel_cases import ChannelCases
from tests.channels.twilio.builders import (
    ACCOUNT,
    FORM,
    SEEN,
    TOKEN,
    URL,
    changed,
    get,
    payload,
    post,
    received,
    signature,
    turn_of,
    twilio,
)
from tests.effort import examples

VECTOR_URL = f"{URL}?bot=a%20b"
VECTOR_FIELDS = (
    ("AccountSid", ACCOUNT),
    ("Body", "Hi + é "),
    ("From", "+12025550170"),
    ("FromCity", ""),
    ("MessageSid", "SM00000000000000000000000000000001"),
    ("NumMedia", "0"),
    ("To", "+12025550100"),
)
SHARED = "webhooks_sharedkey_1"
NAMES = (
    "sms", "mms", "whatsapp_button", "whatsapp_list", "whatsapp_location", "whatsapp_voice",
    "whatsapp_advert", "whatsapp_hidden_number", "status_delivered", "status_read", "status_failed",
    "stop", "start", "help", "own_stop_word",
)  # fmt: skip


class TestTwilio(ChannelCases):
    send_url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    accepted: ClassVar[httpx.Response] = httpx.Response(201, json={"sid": "SM1", "status": "queued"})

    def channel(self) -> TwilioChannel:
        return twilio()

    def genuine(self) -> Webhook:
        return post(payload("sms"))

    def shapes(self) -> list[Webhook]:
        return [post(payload(name)) for name in NAMES]


class TestTwilioOverWhatsApp(TestTwilio):
    def genuine(self) -> Webhook:
        return post(payload("whatsapp_button"))

    def limits(self) -> Capabilities:
        return WHATSAPP_CAPABILITIES


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_webhook_is_accepted(name: str) -> None:
    twilio().verify(post(payload(name)))
    twilio().verify(get(payload(name)))


def test_the_documented_signature_is_accepted() -> None:
    headers = {"x-twilio-signature": "BafQq33UFPHZRqDZzCXJZ+dlCIg="}
    twilio().verify(post(VECTOR_FIELDS, seen=f"{SEEN}?bot=a%20b", headers=headers))


def test_a_shared_key_signs_with_the_hash_that_its_header_names() -> None:
    headers = {
        "x-twilio-signature": "8Vp3En/gOqvMXP7k6gmrH0RSjjsBQBQSgZnA2PDV+SM=",
        "x-twilio-webhooks-signature-settings": f"key={SHARED},algorithm=HMAC_SHA256",
    }
    channel = twilio(TWILIO_AUTH_TOKEN="other", TWILIO_SHARED_KEYS=f"{SHARED}:{TOKEN}")

    channel.verify(post(VECTOR_FIELDS, seen=f"{SEEN}?bot=a%20b", headers=headers))


@pytest.mark.parametrize(
    "settings_header",
    [
        "",
        "algorithm=HMAC_SHA1",
        f"key={SHARED}",
        f"key={SHARED},algorithm=none",
        f"key={SHARED},algorithm=HMAC_MD5",
        "key=webhooks_sharedkey_2,algorithm=HMAC_SHA1",
        "key=,algorithm=HMAC_SHA1",
        "=,=,,==",
    ],
)
def test_an_unknown_key_or_algorithm_is_refused(settings_header: str) -> None:
    channel = twilio(TWILIO_SHARED_KEYS=f"{SHARED}:{TOKEN}")
    hook = post(payload("sms"), headers={"x-twilio-webhooks-signature-settings": settings_header})

    with pytest.raises(InvalidSignature):
        channel.verify(hook)


def test_a_json_event_is_verified_by_url_and_body_hash_and_ignored() -> None:
    digest = "b3a092a6af48807fa9482b2ee140105575daa26d5b24b3c0e60a7e2dee6683b1"
    headers = {"content-type": "application/json", "x-twilio-signature": "c9ZIbpyZsX8u04mWLLTqSzSMdjc="}
    hook = Webhook("POST", f"{SEEN}?bodySHA256={digest}", headers, '{"a":"é"}'.encode())

    twilio().verify(hook)
    assert twilio().parse(hook) == [Ignored(reason="json event")]
    with pytest.raises(InvalidSignature):
        twilio().verify(replace(hook, body=b'{"a":"forged"}'))


def test_a_json_event_without_a_body_hash_is_refused() -> None:
    headers = {"content-type": "application/json", "x-twilio-signature": signature(URL, [])}

    with pytest.raises(InvalidSignature):
        twilio().verify(Webhook("POST", SEEN, headers, b"{}"))


def test_a_captured_json_signature_is_refused_for_a_form() -> None:
    body = b"AccountSid=" + ACCOUNT.encode() + b"&MessageSid=SM1&From=%2B1&To=%2B2&Body=forged"
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"content-type": FORM, "x-twilio-signature": signature(f"{URL}?{query}", [])}

    with pytest.raises(InvalidSignature):
        twilio().verify(Webhook("POST", f"{SEEN}?{query}", headers, body))


@pytest.mark.parametrize(
    ("public_url", "signed_url", "seen"),
    [
        ("https://bots.example.com", URL, "http://127.0.0.1:8000/webhooks/twilio"),
        ("https://bots.example.com/", URL, "/webhooks/twilio"),
        ("https://bots.example.com", "https://bots.example.com:443/webhooks/twilio", SEEN),
        ("https://bots.example.com:8443", "https://bots.example.com:8443/webhooks/twilio", SEEN),
        ("https://bots.example.com:8443", URL, SEEN),
        ("http://bots.example.com", "http://bots.example.com:80/webhooks/twilio", SEEN),
        ("https://bots.example.com/gw", "https://bots.example.com/gw/webhooks/twilio", SEEN),
        (
            "https://bots.example.com/gw",
            "https://bots.example.com/gw/webhooks/twilio",
            "http://h/gw/webhooks/twilio",
        ),
        ("https://bots.example.com", f"{URL}/A1?x=%C3%A9&y=a+b", f"{SEEN}/A1?x=%C3%A9&y=a+b"),
        ("https://bots.example.com", f"{URL}/", f"{SEEN}/"),
    ],
)
def test_the_signature_covers_the_public_url_behind_a_proxy(
    public_url: str, signed_url: str, seen: str
) -> None:
    twilio(public_url).verify(post(payload("sms"), url=signed_url, seen=seen))


def test_forwarded_headers_are_ignored() -> None:
    elsewhere = {
        "x-forwarded-host": "evil.example.com",
        "x-forwarded-proto": "https",
        "host": "evil.example.com",
    }
    hook = post(payload("sms"), url="https://evil.example.com/webhooks/twilio", headers=elsewhere)

    with pytest.raises(InvalidSignature):
        twilio().verify(hook)


@pytest.mark.parametrize("signed_url", [f"{URL}/", f"{URL}?", f"{URL}?a=1", URL.upper(), f"{URL}#rc=2"])
def test_a_signature_for_another_url_is_refused(signed_url: str) -> None:
    with pytest.raises(InvalidSignature):
        twilio().verify(post(payload("sms"), url=signed_url))


def test_every_token_of_a_rotation_is_accepted_and_no_other() -> None:
    channel = twilio(TWILIO_AUTH_TOKEN="new, old")

    channel.verify(post(payload("sms"), token="new"))
    channel.verify(post(payload("sms"), token="old"))
    for token in ("older", "new, old", "new,old", ""):
        with pytest.raises(InvalidSignature):
            channel.verify(post(payload("sms"), token=token))


@pytest.mark.parametrize(
    "extra",
    [
        [("Unknown", "new field"), ("aa", "1"), ("Zz", "2")],
        [("Empty", ""), ("", "no name")],
        [("Twice", "b"), ("Twice", "a"), ("Twice", "b")],
        [("Space", "  kept  "), ("Line", "a\r\nb"), ("Sign", "a&b=c+d%20é😀")],
    ],
)
def test_all_fields_are_signed_as_received(extra: list[tuple[str, str]]) -> None:
    hook = post([*payload("sms"), *extra])

    twilio().verify(hook)
    assert isinstance(twilio().parse(hook)[0], TurnReceived)


def test_too_many_fields_are_refused_before_they_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting the separators is linear, and the signature library is never called on so many fields."""
    monkeypatch.setattr(forms, "parse_qsl", _refuse_parsing)
    hook = replace(post(payload("sms")), body=b"&".join(b"f%d=1" % number for number in range(20_000)))

    with pytest.raises(WebhookTooLarge):
        twilio().verify(hook)


def _refuse_parsing(*_: object, **__: object) -> None:
    raise AssertionError("the fields were parsed")


def test_a_query_with_too_many_fields_is_refused() -> None:
    digest = hashlib.sha256(b"{}").hexdigest()
    hook = Webhook(
        "POST",
        f"{SEEN}?{'a=1&' * 2000}bodySHA256={digest}",
        {"content-type": "application/json", "x-twilio-signature": "x"},
        b"{}",
    )
    with pytest.raises(MalformedWebhook):
        twilio().verify(hook)


@pytest.mark.parametrize(
    ("method", "content_type", "body"),
    [
        ("POST", "text/plain", b"Body=hi"),
        ("POST", "multipart/form-data; boundary=x", b"--x--"),
        ("POST", "", b"Body=hi"),
        ("POST", FORM, b"Body=\xff\xfe"),
        ("PUT", FORM, b"Body=hi"),
        ("HEAD", FORM, b""),
    ],
)
def test_other_methods_and_content_types_are_malformed(method: str, content_type: str, body: bytes) -> None:
    hook = Webhook(method, SEEN, {"content-type": content_type, "x-twilio-signature": "x"}, body)

    with pytest.raises(MalformedWebhook):
        twilio().verify(hook)


def test_an_empty_body_is_verified_and_ignored() -> None:
    for headers in ({}, {"content-type": FORM}, {"content-type": f"{FORM}; charset=UTF-8"}):
        hook = Webhook("POST", SEEN, {**headers, "x-twilio-signature": signature(URL, [])}, b"")

        twilio().verify(hook)
        assert twilio().parse(hook) == [Ignored(reason="no account")]


def test_an_sms_is_a_turn() -> None:
    turn = turn_of(payload("sms"))

    assert turn.id == "SM00000000000000000000000000000001"
    assert turn.text == "Hi + é "
    assert turn.session == f"twilio:{ACCOUNT}:+12025550100:+12025550170"
    assert (turn.address.ours, turn.address.theirs) == ("+12025550100", "+12025550170")
    assert turn.details == {"from_country": "US"}


def test_the_same_message_by_get_is_the_same_turn() -> None:
    assert twilio().parse(get(payload("sms"))) == twilio().parse(post(payload("sms")))


def test_media_come_by_reference() -> None:
    turn = turn_of(payload("mms"))

    assert [attachment.content_type for attachment in turn.attachments] == ["image/jpeg", "application/pdf"]
    assert all(attachment.url.startswith("https://api.twilio.com/") for attachment in turn.attachments)
    assert turn.text == ""


@pytest.mark.parametrize("count", ["", "-1", "1.5", "x", "²", "99999999999999999999", "1e3", " 1"])
def test_an_invalid_media_count_means_no_media(count: str) -> None:
    turn = turn_of(changed("mms", NumMedia=count, Body="look"))

    assert turn.attachments == ()


def test_missing_media_and_other_schemes_are_skipped() -> None:
    turn = turn_of(changed("mms", NumMedia="4", MediaUrl1="file:///etc/passwd", Body="look"))

    assert len(turn.attachments) == 1


def test_a_tapped_button_has_its_payload() -> None:
    turn = turn_of(payload("whatsapp_button"))

    assert (turn.text, turn.payload) == ("Yes", "confirm:42")
    assert turn.details["profile_name"] == "Ada"
    assert turn.details["quoted"] == "MM00000000000000000000000000000009"
    assert "referral_source_id" not in turn.details
    assert "forwarded" not in turn.details


def test_a_chosen_list_row_has_its_payload() -> None:
    turn = turn_of(changed("whatsapp_list", Body=""))

    assert (turn.text, turn.payload) == ("Tuesday", "slot:2")


def test_zero_is_a_valid_coordinate() -> None:
    turn = turn_of(payload("whatsapp_location"))

    assert turn.location == Location(
        latitude=47.497913, longitude=0.0, label="Office", address="Example Street 1"
    )


@pytest.mark.parametrize("latitude", ["", "north", "nan", "inf", "91", "-90.1"])
def test_coordinates_out_of_range_are_dropped(latitude: str) -> None:
    assert received(changed("whatsapp_location", Latitude=latitude)) == Ignored(reason="empty message")


def test_a_voice_note_is_an_attachment() -> None:
    [attachment] = turn_of(payload("whatsapp_voice")).attachments

    assert attachment.content_type == "audio/ogg"


def test_ad_referral_data_is_kept() -> None:
    details = turn_of(payload("whatsapp_advert")).details

    assert details["referral_source_id"] == "ad-1"
    assert details["referral_headline"] == "Spring offer"


def test_a_contact_without_a_number_has_a_session() -> None:
    turn = turn_of(payload("whatsapp_hidden_number"))

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
    first, second = turn_of(changed("whatsapp_list", From=one)), turn_of(changed("whatsapp_list", From=other))

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
    first, second = turn_of(changed("sms", From=one)), turn_of(changed("sms", From=other))

    assert first.session != second.session


@pytest.mark.parametrize(
    "word",
    ["STOP", "stopall", "Unsubscribe", "CANCEL", "end", "QUIT", "revoke", " OptOut\n", "opt out", "Stop."],
)
def test_a_stop_keyword_is_an_opt_out(word: str) -> None:
    event = received(changed("sms", Body=word))

    assert isinstance(event, ControlReceived)
    assert (event.act, event.id) == (ControlAction.OPT_OUT, "SM00000000000000000000000000000001")
    assert event.session == turn_of(payload("sms")).session


@pytest.mark.parametrize("word", ["START", "unstop"])
def test_a_start_keyword_is_an_opt_in(word: str) -> None:
    event = received(changed("sms", Body=word))

    assert isinstance(event, ControlReceived)
    assert event.act is ControlAction.OPT_IN


@pytest.mark.parametrize("word", ["HELP", "info"])
def test_the_keywords_that_twilio_answers_with_help_are_ignored(word: str) -> None:
    assert received(changed("sms", Body=word)) == Ignored(reason="help keyword")


def test_opt_out_type_outranks_the_text() -> None:
    event = received(payload("own_stop_word"))
    start = received(changed("sms", Body="STOP", OptOutType="START"))

    assert isinstance(event, ControlReceived)
    assert event.act is ControlAction.OPT_OUT
    assert isinstance(start, ControlReceived)
    assert start.act is ControlAction.OPT_IN


@pytest.mark.parametrize("text", ["please stop", "stop it", "yes", "STOP 12345", "starting"])
def test_a_sentence_that_contains_a_keyword_is_a_turn(text: str) -> None:
    assert turn_of(changed("sms", Body=text)).text == text


@pytest.mark.parametrize("word", ["STOP", "start", "HELP"])
def test_whatsapp_has_no_keywords(word: str) -> None:
    assert turn_of(changed("whatsapp_list", Body=word)).text == word


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", DeliveryStatus.QUEUED),
        ("scheduled", DeliveryStatus.QUEUED),
        ("queued", DeliveryStatus.QUEUED),
        ("sending", DeliveryStatus.QUEUED),
        ("sent", DeliveryStatus.SENT),
        ("delivered", DeliveryStatus.DELIVERED),
        ("partially_delivered", DeliveryStatus.DELIVERED),
        ("read", DeliveryStatus.READ),
        ("undelivered", DeliveryStatus.FAILED),
        ("failed", DeliveryStatus.FAILED),
        ("canceled", DeliveryStatus.FAILED),
    ],
)
def test_every_twilio_status_is_mapped(word: str, status: DeliveryStatus) -> None:
    event = received(changed("status_delivered", MessageStatus=word, SmsStatus=word))

    assert isinstance(event, StatusChanged)
    assert (event.provider_id, event.status) == ("SM00000000000000000000000000000005", status)


def test_a_failed_status_has_its_code_without_the_number() -> None:
    event = received(payload("status_failed"))

    assert isinstance(event, StatusChanged)
    assert (event.status, event.error_code) == (DeliveryStatus.FAILED, "63016")
    assert event.error_text == "Message to … is outside the window"


@pytest.mark.parametrize(
    ("code", "kind", "pause"),
    [
        ("30034", FailureKind.ACCOUNT, 0),
        ("63018", FailureKind.TEMPORARY, 600),
        ("30001", FailureKind.TEMPORARY, 600),
        ("30003", FailureKind.TEMPORARY, 60),
        ("30008", FailureKind.TEMPORARY, 60),
        ("21610", FailureKind.OPTED_OUT, 0),
        ("63016", FailureKind.WINDOW, 0),
        ("30005", FailureKind.UNREACHABLE, 0),
        ("99999", FailureKind.PERMANENT, 0),
        ("", FailureKind.PERMANENT, 0),
    ],
)
def test_a_failed_status_is_classified_like_an_answer(code: str, kind: FailureKind, pause: float) -> None:
    event = received(changed("status_failed", MessageStatus="undelivered", ErrorCode=code))

    assert isinstance(event, StatusChanged)
    assert (event.failure, event.retry_after) == (kind, pause)


def test_a_status_gets_204_and_a_message_empty_twiml() -> None:
    channel = twilio()
    status, message = post(payload("status_read")), post(payload("sms"))

    assert channel.answer(status, channel.parse(status)).status == 204
    answer = channel.answer(message, channel.parse(message))
    assert (answer.status, answer.content_type.partition(";")[0]) == (200, "text/xml")
    assert answer.body == b'<?xml version="1.0" encoding="UTF-8"?><Response />'


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (changed("status_delivered", MessageStatus="exploded"), "unknown status"),
        (changed("sms", AccountSid="AC00000000000000000000000000000002"), "other account"),
        (changed("sms", AccountSid=""), "no account"),
        (changed("sms", MessageSid="", SmsSid="", SmsMessageSid=""), "no message id"),
        (changed("sms", From=""), "no address"),
        (changed("sms", To=" "), "no address"),
        (changed("sms", From="whatsapp:"), "no address"),
        (changed("sms", To="whatsapp:"), "no address"),
        (changed("sms", From="rcs:agent_1"), "rcs address"),
        (changed("sms", From="messenger:123"), "messenger address"),
        (changed("sms", From="client:ada"), "other address"),
        (changed("sms", Body=" \n "), "empty message"),
        (changed("sms", Body="\x00"), "empty message"),
        ([], "no account"),
        ([("AccountSid", ACCOUNT)], "no message id"),
        ([("AccountSid", ACCOUNT), ("MessageSid", "SM1")], "no address"),
        ([("AccountSid", ACCOUNT), ("MessageSid", "SM1"), ("SmsStatus", "sent")], None),
    ],
)
def test_irrelevant_webhooks_are_ignored_with_a_reason(
    fields: list[tuple[str, str]], reason: str | None
) -> None:
    event = received(fields)

    assert not isinstance(event, TurnReceived)
    if reason is not None:
        assert event == Ignored(reason=reason)


def test_legacy_id_fields_are_accepted() -> None:
    assert turn_of(changed("sms", MessageSid="")).id == "SM00000000000000000000000000000001"


def test_untrusted_text_is_sanitized_and_bounded() -> None:
    turn = turn_of(
        changed("whatsapp_list", Body="a\x00b\x1b[31m\r\nc" + "d" * 20_000, ProfileName="x" * 5000)
    )

    assert turn.text.startswith("ab[31m\ncd")
    assert len(turn.text) <= 16_000
    assert len(turn.details["profile_name"]) == 200


def test_invalid_utf8_becomes_replacement_characters() -> None:
    hook = post(payload("sms"))
    broken = replace(hook, body=hook.body.replace(b"Body=Hi", b"Body=%ED%A0%80%FF"))
    [event] = twilio().parse(broken)

    assert isinstance(event, TurnReceived)
    assert event.model_dump_json().encode()


mutations = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "Body",
                "From",
                "To",
                "MessageSid",
                "SmsSid",
                "AccountSid",
                "NumMedia",
                "MediaUrl0",
                "MessageStatus",
                "SmsStatus",
                "ErrorCode",
                "OptOutType",
                "Latitude",
                "Longitude",
                "ButtonPayload",
                "ListId",
                "ProfileName",
                "FlowData",
                "ReferralSourceId",
                "Forwarded",
            ]
        ),
        st.one_of(
            st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace").decode()),
            st.sampled_from(
                ["", "0", "-1", "9" * 400, "received", "sent", "STOP", "whatsapp:+1", "rcs:x", "nan"]
            ),
        ),
    ),
    max_size=6,
)


@settings(max_examples=examples(150))
@given(name=st.sampled_from(NAMES), mutated=mutations)
def test_no_mutation_of_a_signed_form_raises_or_makes_a_wrong_turn(
    name: str, mutated: list[tuple[str, str]]
) -> None:
    fields = changed(name, **dict(mutated))
    hook = post(fields)
    twilio().verify(hook)
    [event] = twilio().parse(hook)

    event.model_dump_json().encode()
    if isinstance(event, TurnReceived):
        turn = event.turn
        told = dict(fields)
        assert told["AccountSid"] == ACCOUNT
        assert told.get("MessageStatus", "") in ("", "received", "receiving")
        assert turn.id
        assert turn.address.theirs
        assert turn.text.strip() or turn.payload or turn.attachments or turn.location or "FlowData" in told


@settings(max_examples=examples(150))
@given(
    name=st.sampled_from(NAMES),
    at=st.integers(0, 2000),
    noise=st.binary(min_size=1, max_size=8),
    url=st.sampled_from(
        [SEEN, "", "/", "x", "http://[", "//[x", f"{SEEN}?%%%", f"{SEEN}?é", "http://h?b=1", "\ud800"]
    ),
    header=st.sampled_from(["x-twilio-signature", "content-type", "x-twilio-webhooks-signature-settings"]),
    value=st.text(max_size=20),
)
def test_random_input_raises_only_refusals(
    name: str, at: int, noise: bytes, url: str, header: str, value: str
) -> None:
    hook = post(payload(name))
    body = hook.body[: at % len(hook.body)] + b"\xff" + noise + hook.body[at % len(hook.body) :]
    noisy = Webhook("POST", url, {**hook.headers, header: value}, body)

    with pytest.raises(WebhookRefused):
        twilio().verify(noisy)


@settings(max_examples=examples(150))
@given(body=st.binary(max_size=300), method=st.sampled_from(["GET", "POST"]), query=st.text(max_size=40))
def test_parsing_random_input_ends_in_events_or_a_refusal(body: bytes, method: str, query: str) -> None:
    hook = Webhook(method, f"{SEEN}?{query}", {"content-type": FORM}, body)
    try:
        events = twilio().parse(hook)
    except WebhookRefused:
        return
    assert not any(isinstance(event, TurnReceived) for event in events)


@pytest.mark.parametrize("length", [10, 5_000, 20_000])
def test_a_form_is_whole_at_any_length(length: int) -> None:
    values = {"flow_token": "t", "answers": [{"note": "ü" * length}]}
    form = json.dumps(values, ensure_ascii=False)
    found = turn_of(changed("whatsapp_button", FlowData=form))

    assert found.form == values
    assert json.loads(found.details["flow_data"]) == values


def test_a_form_that_cannot_be_read_is_no_silence() -> None:
    found = turn_of(changed("whatsapp_location", Latitude="", MessageType="interactive", FlowData="{"))

    assert (found.kind, found.form, found.has_content) == ("unsupported", None, False)


def test_a_kind_that_is_not_supported_is_a_turn_without_content() -> None:
    found = turn_of(changed("whatsapp_location", Latitude="", Longitude="", MessageType="poll"))

    assert (found.kind, found.has_content) == ("unsupported", False)


def test_a_reaction_is_a_turn_without_words() -> None:
    found = turn_of(
        changed(
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
    found = turn_of(payload("whatsapp_advert")).referral

    assert found is not None
    assert (found.source_id, found.headline) == ("ad-1", "Spring offer")
