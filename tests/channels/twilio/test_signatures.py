"""Signatures of Twilio's webhooks, and requests refused before parsing."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from core.errors import InvalidSignature, MalformedWebhook, WebhookTooLarge
from core.model import (
    Ignored,
    TurnReceived,
)
from core.ports import Webhook
from tests.channels.twilio.builders import (
    ACCOUNT,
    FORM,
    SEEN,
    TOKEN,
    URL,
    build_channel,
    build_get_webhook,
    build_webhook,
    compute_signature,
    read_payload,
)

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


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_webhook_is_accepted(name: str) -> None:
    build_channel().verify(build_webhook(read_payload(name)))
    build_channel().verify(build_get_webhook(read_payload(name)))


def test_the_documented_signature_is_accepted() -> None:
    headers = {"x-twilio-signature": "BafQq33UFPHZRqDZzCXJZ+dlCIg="}
    build_channel().verify(build_webhook(VECTOR_FIELDS, seen=f"{SEEN}?bot=a%20b", headers=headers))


def test_a_shared_key_signs_with_the_hash_that_its_header_names() -> None:
    headers = {
        "x-twilio-signature": "8Vp3En/gOqvMXP7k6gmrH0RSjjsBQBQSgZnA2PDV+SM=",
        "x-twilio-webhooks-signature-settings": f"key={SHARED},algorithm=HMAC_SHA256",
    }
    channel = build_channel(TWILIO_AUTH_TOKEN="other", TWILIO_SHARED_KEYS=f"{SHARED}:{TOKEN}")

    channel.verify(build_webhook(VECTOR_FIELDS, seen=f"{SEEN}?bot=a%20b", headers=headers))


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
    channel = build_channel(TWILIO_SHARED_KEYS=f"{SHARED}:{TOKEN}")
    hook = build_webhook(
        read_payload("sms"), headers={"x-twilio-webhooks-signature-settings": settings_header}
    )

    with pytest.raises(InvalidSignature):
        channel.verify(hook)


def test_a_json_event_is_verified_by_url_and_body_hash_and_ignored() -> None:
    digest = "b3a092a6af48807fa9482b2ee140105575daa26d5b24b3c0e60a7e2dee6683b1"
    headers = {"content-type": "application/json", "x-twilio-signature": "c9ZIbpyZsX8u04mWLLTqSzSMdjc="}
    hook = Webhook("POST", f"{SEEN}?bodySHA256={digest}", headers, '{"a":"é"}'.encode())

    build_channel().verify(hook)
    assert build_channel().parse(hook) == [Ignored(reason="json event")]
    with pytest.raises(InvalidSignature):
        build_channel().verify(replace(hook, body=b'{"a":"forged"}'))


def test_a_json_event_without_a_body_hash_is_refused() -> None:
    headers = {"content-type": "application/json", "x-twilio-signature": compute_signature(URL, [])}

    with pytest.raises(InvalidSignature):
        build_channel().verify(Webhook("POST", SEEN, headers, b"{}"))


def test_a_captured_json_signature_is_refused_for_a_form() -> None:
    body = b"AccountSid=" + ACCOUNT.encode() + b"&MessageSid=SM1&From=%2B1&To=%2B2&Body=forged"
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"content-type": FORM, "x-twilio-signature": compute_signature(f"{URL}?{query}", [])}

    with pytest.raises(InvalidSignature):
        build_channel().verify(Webhook("POST", f"{SEEN}?{query}", headers, body))


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
    build_channel(public_url).verify(build_webhook(read_payload("sms"), url=signed_url, seen=seen))


def test_forwarded_headers_are_ignored() -> None:
    elsewhere = {
        "x-forwarded-host": "evil.example.com",
        "x-forwarded-proto": "https",
        "host": "evil.example.com",
    }
    hook = build_webhook(
        read_payload("sms"), url="https://evil.example.com/webhooks/twilio", headers=elsewhere
    )

    with pytest.raises(InvalidSignature):
        build_channel().verify(hook)


@pytest.mark.parametrize("signed_url", [f"{URL}/", f"{URL}?", f"{URL}?a=1", URL.upper(), f"{URL}#rc=2"])
def test_a_signature_for_another_url_is_refused(signed_url: str) -> None:
    with pytest.raises(InvalidSignature):
        build_channel().verify(build_webhook(read_payload("sms"), url=signed_url))


def test_every_token_of_a_rotation_is_accepted_and_no_other() -> None:
    channel = build_channel(TWILIO_AUTH_TOKEN="new, old")

    channel.verify(build_webhook(read_payload("sms"), token="new"))
    channel.verify(build_webhook(read_payload("sms"), token="old"))
    for token in ("older", "new, old", "new,old", ""):
        with pytest.raises(InvalidSignature):
            channel.verify(build_webhook(read_payload("sms"), token=token))


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
    hook = build_webhook([*read_payload("sms"), *extra])

    build_channel().verify(hook)
    assert isinstance(build_channel().parse(hook)[0], TurnReceived)


def test_too_many_fields_are_refused() -> None:
    hook = replace(
        build_webhook(read_payload("sms")), body=b"&".join(b"f%d=1" % number for number in range(20_000))
    )

    with pytest.raises(WebhookTooLarge):
        build_channel().verify(hook)


def test_a_query_with_too_many_fields_is_refused() -> None:
    digest = hashlib.sha256(b"{}").hexdigest()
    hook = Webhook(
        "POST",
        f"{SEEN}?{'a=1&' * 2000}bodySHA256={digest}",
        {"content-type": "application/json", "x-twilio-signature": "x"},
        b"{}",
    )
    with pytest.raises(MalformedWebhook):
        build_channel().verify(hook)


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
        build_channel().verify(hook)


def test_an_empty_body_is_verified_and_ignored() -> None:
    for headers in ({}, {"content-type": FORM}, {"content-type": f"{FORM}; charset=UTF-8"}):
        hook = Webhook("POST", SEEN, {**headers, "x-twilio-signature": compute_signature(URL, [])}, b"")

        build_channel().verify(hook)
        assert build_channel().parse(hook) == [Ignored(reason="no account")]
