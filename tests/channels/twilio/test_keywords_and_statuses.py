"""Opt-out keywords, and the meaning of delivery statuses."""

from __future__ import annotations

import pytest

from core.model import (
    ConsentRequest,
    ControlAction,
    ControlReceived,
    DeliveryStatus,
    FailureKind,
    Ignored,
    StatusChanged,
    TurnReceived,
)
from tests.channels.twilio.builders import (
    build_channel,
    build_payload,
    build_webhook,
    parse_event,
    parse_turn,
    read_payload,
)


@pytest.mark.parametrize(
    "word",
    ["STOP", "stopall", "Unsubscribe", "CANCEL", "end", "QUIT", "revoke", " OptOut\n", "opt out"],
)
def test_a_stop_keyword_is_an_opt_out(word: str) -> None:
    event = parse_event(build_payload("sms", Body=word))

    assert isinstance(event, ControlReceived)
    assert (event.act, event.id) == (ControlAction.OPT_OUT, "SM00000000000000000000000000000001")
    assert event.session == parse_turn(read_payload("sms")).session


@pytest.mark.parametrize("word", ["START", "unstop"])
def test_a_start_keyword_is_an_opt_in(word: str) -> None:
    event = parse_event(build_payload("sms", Body=word))

    assert isinstance(event, ControlReceived)
    assert event.act is ControlAction.OPT_IN


@pytest.mark.parametrize("word", ["HELP", "info"])
def test_the_keywords_that_twilio_answers_with_help_are_ignored(word: str) -> None:
    assert parse_event(build_payload("sms", Body=word)) == Ignored(reason="help keyword")


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        *(
            (text, ConsentRequest.OPT_OUT)
            for text in ("Stop.", "“CANCEL”", "end!", "Q U I T", "ＳＴＯＰ", "opt-out")
        ),
        *((text, ConsentRequest.OPT_IN) for text in ("Start!", "un-stop")),
        *((text, None) for text in ("Help!", "info?", "H E L P")),
    ],
)
def test_a_spelling_that_twilio_does_not_know_is_ours_to_answer(
    text: str, request_: ConsentRequest | None
) -> None:
    event = parse_event(build_payload("sms", Body=text))

    assert isinstance(event, TurnReceived)
    assert (event.request, event.turn.text) == (request_, text)


@pytest.mark.parametrize(("text", "is_confirmed"), [("YES", True), (" yes\n", True), ("Yes!", False)])
def test_twilio_confirms_an_opt_in_by_yes(text: str, is_confirmed: bool) -> None:
    event = parse_event(build_payload("sms", Body=text))

    assert isinstance(event, TurnReceived)
    assert event.request_confirmed is is_confirmed


def test_opt_out_type_outranks_the_text() -> None:
    event = parse_event(read_payload("own_stop_word"))
    start = parse_event(build_payload("sms", Body="STOP", OptOutType="START"))

    assert isinstance(event, ControlReceived)
    assert event.act is ControlAction.OPT_OUT
    assert isinstance(start, ControlReceived)
    assert start.act is ControlAction.OPT_IN


@pytest.mark.parametrize("text", ["please stop", "stop it", "yes", "STOP 12345", "starting"])
def test_a_sentence_that_contains_a_keyword_is_a_turn(text: str) -> None:
    assert parse_turn(build_payload("sms", Body=text)).text == text


@pytest.mark.parametrize("word", ["STOP", "start", "HELP"])
def test_whatsapp_has_no_keywords(word: str) -> None:
    assert parse_turn(build_payload("whatsapp_list", Body=word)).text == word


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
    event = parse_event(build_payload("status_delivered", MessageStatus=word, SmsStatus=word))

    assert isinstance(event, StatusChanged)
    assert (event.provider_id, event.status) == ("SM00000000000000000000000000000005", status)


def test_a_failed_status_has_its_code_without_the_number() -> None:
    event = parse_event(read_payload("status_failed"))

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
    event = parse_event(build_payload("status_failed", MessageStatus="undelivered", ErrorCode=code))

    assert isinstance(event, StatusChanged)
    assert (event.failure, event.retry_after) == (kind, pause)


def test_a_status_gets_204_and_a_message_empty_twiml() -> None:
    channel = build_channel()
    status, message = build_webhook(read_payload("status_read")), build_webhook(read_payload("sms"))

    assert channel.answer(status, channel.parse(status)).status == 204
    answer = channel.answer(message, channel.parse(message))
    assert (answer.status, answer.content_type.partition(";")[0]) == (200, "text/xml")
    assert answer.body == b'<?xml version="1.0" encoding="UTF-8"?><Response />'
