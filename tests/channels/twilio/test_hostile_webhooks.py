"""Webhooks with hostile content and random input."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import WebhookRefused
from core.model import UNSUPPORTED_KIND, TurnReceived
from core.ports import Webhook
from tests.channels.twilio.builders import (
    ACCOUNT,
    FORM,
    SEEN,
    build_channel,
    build_payload,
    build_webhook,
    parse_turn,
    read_payload,
)
from tests.effort import example_count

NAMES = (
    "sms", "mms", "whatsapp_button", "whatsapp_list", "whatsapp_location", "whatsapp_voice",
    "whatsapp_advert", "whatsapp_hidden_number", "status_delivered", "status_read", "status_failed",
    "stop", "start", "help", "own_stop_word",
)  # fmt: skip


def test_legacy_id_fields_are_accepted() -> None:
    assert parse_turn(build_payload("sms", MessageSid="")).id == "SM00000000000000000000000000000001"


def test_untrusted_text_is_sanitized_and_bounded() -> None:
    turn = parse_turn(
        build_payload("whatsapp_list", Body="a\x00b\x1b[31m\r\nc" + "d" * 20_000, ProfileName="x" * 5000)
    )

    assert turn.text.startswith("ab[31m\ncd")
    assert len(turn.text) <= 16_000
    assert len(turn.details["profile_name"]) == 200


def test_invalid_utf8_becomes_replacement_characters() -> None:
    hook = build_webhook(read_payload("sms"))
    broken = replace(hook, body=hook.body.replace(b"Body=Hi", b"Body=%ED%A0%80%FF"))
    [event] = build_channel().parse(broken)

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


@settings(max_examples=example_count(150))
@given(name=st.sampled_from(NAMES), mutated=mutations)
def test_no_mutation_of_a_signed_form_raises_or_makes_a_wrong_turn(
    name: str, mutated: list[tuple[str, str]]
) -> None:
    fields = build_payload(name, **dict(mutated))
    hook = build_webhook(fields)
    build_channel().verify(hook)
    [event] = build_channel().parse(hook)

    event.model_dump_json().encode()
    if isinstance(event, TurnReceived):
        turn = event.turn
        told = dict(fields)
        assert told["AccountSid"] == ACCOUNT
        assert told.get("MessageStatus", "") in ("", "received", "receiving")
        assert turn.id
        assert turn.address.theirs
        has_content = turn.text.strip() or turn.payload or turn.attachments or turn.location
        assert has_content or turn.kind == UNSUPPORTED_KIND or "FlowData" in told


@settings(max_examples=example_count(150))
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
    hook = build_webhook(read_payload(name))
    body = hook.body[: at % len(hook.body)] + b"\xff" + noise + hook.body[at % len(hook.body) :]
    noisy = Webhook("POST", url, {**hook.headers, header: value}, body)

    with pytest.raises(WebhookRefused):
        build_channel().verify(noisy)


@settings(max_examples=example_count(150))
@given(body=st.binary(max_size=300), method=st.sampled_from(["GET", "POST"]), query=st.text(max_size=40))
def test_parsing_random_input_ends_in_events_or_a_refusal(body: bytes, method: str, query: str) -> None:
    hook = Webhook(method, f"{SEEN}?{query}", {"content-type": FORM}, body)
    try:
        events = build_channel().parse(hook)
    except WebhookRefused:
        return
    assert not any(isinstance(event, TurnReceived) for event in events)


@pytest.mark.parametrize("length", [10, 5_000, 20_000])
def test_a_form_is_whole_at_any_length(length: int) -> None:
    values = {"flow_token": "t", "answers": [{"note": "ü" * length}]}
    form = json.dumps(values, ensure_ascii=False)
    found = parse_turn(build_payload("whatsapp_button", FlowData=form))

    assert found.form == values
    assert json.loads(found.details["flow_data"]) == values
